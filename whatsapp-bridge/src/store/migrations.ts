/**
 * The database's schema, one entry a version; `user_version` says how many of them a file has. Append-only: a file of
 * any earlier version is brought forward by what it has not got yet.
 */
export const MIGRATIONS: readonly string[] = [
  `
create table kv(type text, id text, value text not null, primary key(type, id)) without rowid;
create table kv_unlinked(at integer, type text, id text, value text);
create table journal(
  key text primary key, arrival integer not null, attrs text not null, plain blob not null,
  done integer not null default 0, at integer not null) without rowid;
create index journal_open on journal(arrival) where done = 0;
create table seen(key text primary key, id text not null, raw text not null, at integer not null) without rowid;
create index seen_id on seen(id);
create table suspects(key text primary key, event text not null, due integer not null) without rowid;
create table spool(
  seq integer primary key autoincrement, chat text not null, event text not null, media text, at integer not null);
create index spool_chat on spool(chat, seq);
create table dead_letters(
  seq integer primary key, status integer not null, reason text not null, at integer not null, event text not null);
create table media(id text primary key, message blob not null, key text not null, at integer not null) without rowid;
create table outbox(
  id text primary key, key text unique, hash text not null, jid text not null, message blob not null,
  state text not null, code integer, timestamp integer, at integer not null) without rowid;
`,
  // every row belongs to an account; numbers of events go on where they were
  `
create table auth(
  account text not null, type text not null, id text not null, value text not null,
  primary key(account, type, id)) without rowid;
insert into auth select 'default', type, id, value from kv;
drop table kv;

create table auth_unlinked(account text not null, at integer not null, type text not null, id text not null, value text not null);
insert into auth_unlinked select 'default', at, type, id, value from kv_unlinked;
drop table kv_unlinked;

alter table journal rename to journal_1;
create table journal(
  account text not null, key text not null, arrival integer not null, attrs text not null, plain blob not null,
  done integer not null default 0, at integer not null, primary key(account, key)) without rowid;
insert into journal select 'default', key, arrival, attrs, plain, done, at from journal_1;
drop table journal_1;
create index journal_pending on journal(account, arrival) where done = 0;

alter table seen rename to seen_1;
create table seen(
  account text not null, key text not null, id text not null, raw text not null, at integer not null,
  primary key(account, key)) without rowid;
insert into seen select 'default', key, id, raw, at from seen_1;
drop table seen_1;
create index seen_id on seen(account, id);

create table undecryptable(
  account text not null, key text not null, event text not null, due integer not null,
  primary key(account, key)) without rowid;
insert into undecryptable select 'default', key, event, due from suspects;
drop table suspects;

alter table spool add column account text not null default 'default';
drop index spool_chat;
create index spool_chat on spool(account, chat, seq);
alter table dead_letters add column account text not null default 'default';

alter table media rename to media_1;
create table media(
  account text not null, id text not null, message blob not null, key text not null, at integer not null,
  primary key(account, id)) without rowid;
insert into media select 'default', id, message, key, at from media_1;
drop table media_1;

alter table outbox rename to outbox_1;
create table outbox(
  account text not null, id text not null, key text, hash text not null, jid text not null, message blob not null,
  state text not null, code integer, timestamp integer, at integer not null,
  primary key(account, id), unique(account, key)) without rowid;
insert into outbox select 'default', id, key, hash, jid, message, state, code, timestamp, at from outbox_1;
drop table outbox_1;
`,
  // what edits and votes are encrypted with, the address still to be tried, and what the bridge found out
  `
create table secrets(
  account text not null, id text not null, author text not null, secret blob not null, options text not null,
  at integer not null, primary key(account, id, author)) without rowid;
create table facts(account text not null, name text not null, value text not null, primary key(account, name)) without rowid;
create table other_addresses(account text not null, id text not null, jid text not null, primary key(account, id)) without rowid;
`,
]
