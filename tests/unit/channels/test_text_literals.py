"""What people copy, open or run comes out of a rendered reply byte for byte, and the rest as WhatsApp can show it."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleo.channels.whatsapp.text.literals import find_literals
from cleo.channels.whatsapp.text.render import render_markdown, render_plain

LINES = r"""
https://en.wikipedia.org/wiki/Mercury_(planet)
See https://x.y/~anna/ and https://x.y/~bob/ now
https://x.y/_a_/__b__/*c*/~~d~~/e_
https://x.y/a*b*c?d=*&e=_f_&copy=1&lt;=2#_g_
(https://x.y/a_(b)_c)
https://x.y/a\_b
http://[::1]:8080/_x_/
https://ja.wikipedia.org/wiki/東京_(都市)_
www.x.y/_a_b_
ftp://x.y/*.txt
mailto:_ann_@x.y
_ann_@x.y
__ann__@x.y
first_last+*tag*@sub.x.y
ann~~x~~@x.y
The share is \\server\_data
\\server\_data\*x*\_y_
\\10.0.0.1\_x
\\server\Shared Docs\_x\_y
C:\_data\*x*\_y_
C:\Program Files\_data\x.txt
C:\Users\Änne\_x_
C:\
C:\*.txt
D:/_x_/*y*
.\_x\_y
..\_x
%APPDATA%\_x_
%_x_%
/usr/_lib_/x_/*y*/*z*
~/notes/_a_/b
./_a_/*b*
../__x__/y
/etc/*/conf.d/*.conf
src/__init__.py
src/_a_/b_.py
\d+\.\d+
^\d+\.\d+$
^.*\.py$
.*\.py$
[^/]+\.py
\w+@\w+\.\w{2,}
(\+49)[0-9]+\-x
(?:\*|_)+\d
\b_\w+_\b
[a-z_]*_[0-9]*
.*foo.*bar.*
foo.*bar.*baz
^[\w.-]+@[\w-]+\.[a-z]{2,}$
\d* and \w*
s/\*/_/g \n
\\d+
{{name}}
{{ _first_ }} {{__x__}} {{*a*}}
$VAR $_VAR_ ${_VAR_} $HOME/_x_
%s %(_name_)s %d
{_x_} {0} {**kw}
{% if __x__ %}
snake_case_name
_private
__init__ __dunder__ __FILE__ __VA_ARGS__
__init__(self)
a.__class__.__name__
*.py
*.py,*.txt
*.py *.js
(*.py, *.{ts,js})
**/*.py and **/*.js
**/node_modules/**
src/**/*.test.*
src/**/test_*.py
file_*.txt
*_test.py, foo_*
test_* and *_test
*.*
~1.2 ~1.3,~1.4
~=1.2,!=1.3.*,==1.*
^1.2 >=1,<2
2*3*4
2 * 3 * 4
a*b*c
x**2 + y**2
2**10
2**3**4
a**b**c
(a+b)*(c+d)*e
f(x)*g(x)*h(x)
2**(n+1) + 3**(m)
5*x*y
f(*args, **kwargs)
f(*args,**kwargs)
f(*a,*b)
{**a,**b}
count(*), sum(*)
t.*,u.*
SELECT * FROM a, b.*
char *a, *b;
*p++ = *q++;
*100# *#06# **21*+49151#
+49 151 234_5
"a_b*c" and "*"
"*" and "*"
"\."
"C:\_x"
'*' or '_'
«\_x» “\*y”
„a\_b“
「\_x」
a \frac{a}{b} \alpha\_1
foo\bar
5 * 3 ~ 2 _ 1
x ~ y ~ z
3. Oktober
price* note*
:smile_face: @user_name_x #hash_tag_
#no heading
a  b   c
50% off, 5*
1_000_000
`https://x.y/_a_`
https://x.y/a_b, https://x.y/c_d.
C:\a_b, C:\c_d.
[1]: https://x.y/a_b
[text][1] and [1]
a^b_c^d_e
x_1*y_2*z_3
->*ptr
&_x &y_
<https_x>
用\d+匹配
路径是C:\Users\_x，好
访问https://x.y/_a_查看_b_
¯\_(ツ)_/¯
*_* and (*-*)
{"a_b": "*x*", "path": "C:\\Users\\_x"}
LIKE '%_x_%' or '_a_'
Card ****1234 or ****5678, f*** s***
Name: ____ Date: ____
SELECT "_a_", '*' FROM t WHERE a LIKE "\_%"
git log --format=%h_%s -- src/*_test.py
s/_x_/*y*/g
https://x.y/**/z
[x](file:///C:/_a_/b_)
<b>a_b</b> and <a href="https://x.y/_a_">
""".strip("\n").split("\n")
"""Text that is no Markdown, whatever it looks like."""


def one(markdown: str) -> str:
    [message] = render_markdown(markdown, 4000)
    return message


@pytest.mark.parametrize("line", LINES)
def test_what_is_no_markdown_stays_byte_for_byte(line: str) -> None:
    assert one(line) == line
    assert one(f"Look:\n\n- {line}") == f"Look:\n\n- {line}"


@pytest.mark.parametrize("line", LINES)
def test_plain_text_is_never_read_as_markdown(line: str) -> None:
    text = f"**Note** {line}\n\n\n    # [a](b)  \n"
    assert render_plain(text, 4000) == [text]


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**注意：**今天", "注意：今天"),
        ("**Total:**5 €", "Total:5 €"),
        ("**«слово»**word", "«слово»word"),
        ("**注意：** 今天", "*注意：* 今天"),
        ("这是**重点**内容", "这是重点内容"),
        ("这是 **重点** 内容", "这是 *重点* 内容"),
        ("这是**“重点”**，还有**另一**个", "这是“重点”，还有另一个"),
        ("**مهم:**اليوم", "مهم:اليوم"),
        ("**مهم:** اليوم", "*مهم:* اليوم"),
        ("**חשוב:**היום", "חשוב:היום"),
        ("参数**（a）**是", "参数（a）是"),
        ("**Name**(desc)", "*Name*(desc)"),
        ("**C++**: x **C#**. **50%**, **Q&A**", "*C++*: x *C#*. *50%*, *Q&A*"),
        ("un**believ**able", "unbelievable"),
        ("**bold**s", "bolds"),
        ("**Total:**_x_", "Total:_x_"),
        ("**.NET** is", "*.NET* is"),
        ("*...and then*", "_...and then_"),
        ("*Note:*see", "Note:see"),
        ("*注意*今天", "注意今天"),
        ("~~alt:~~neu", "alt:neu"),
        ("**https://x.y/a_b**", "https://x.y/a_b"),
        ("**https://x.y/a_b**这", "https://x.y/a_b这"),
        ("**see https://x.y**", "*see* https://x.y"),
        ("**看 https://x.y/a_b**这", "*看* https://x.y/a_b这"),
        ("**Link: https://x.y now**", "*Link: https://x.y now*"),
        ("*https://x.y/a_b*", "https://x.y/a_b"),
        ("_https://x.y/a_b_", "https://x.y/a_b"),
        ("# See https://x.y", "*See* https://x.y"),
        ("**ann@x.y**", "ann@x.y"),
        (r"**\d+\.\d+**", r"*\d+\.\d+*"),
        (r"**C:\_x\y**", r"*C:\_x\y*"),
        (r"**C:\_x\y** is", r"*C:\_x\y* is"),
        (r"**Pfad: C:\_x**", r"*Pfad: C:\_x*"),
        ("**/help** – show", "*/help* – show"),
        ("**Ja**/**Nein**", "*Ja*/*Nein*"),
        ("*he*/*she*", "_he_/*she*"),
        (r"snake\_case\_name", "snake_case_name"),
        (r"\*no bold\*", "*no bold*"),
        (r"1\. no", "1. no"),
        (r"a\\b", r"a\\b"),
        ("[site](https://x.y/Mercury_(planet))", "site (https://x.y/Mercury_(planet))"),
        ("[site](https://de.wikipedia.org/wiki/Köln)", "site (https://de.wikipedia.org/wiki/Köln)"),
        ("<https://x.y/K%C3%B6ln>", "https://x.y/K%C3%B6ln"),
        ("[https://x.y/a_b](https://x.y/a_b)", "https://x.y/a_b"),
        (r"[x](C:\_data)", r"x (C:\_data)"),
        (r"[x](\\server\_data)", r"x (\\server\_data)"),
        (r"[x](https://x.y/a\_b)", "x (https://x.y/a_b)"),
        ("[a **b** c](https://x.y/_z_)", "a *b* c (https://x.y/_z_)"),
        ("[*x*](u_v_)", "_x_ (u_v_)"),
        ("![alt_x](https://x.y/_z_.png)", "alt_x (https://x.y/_z_.png)"),
        ('"**bold**" “**粗**”', '"*bold*" “*粗*”'),
        ('She said "*never*".', 'She said "*never*".'),
        ("**`code`**", "*`code`*"),
        ("使用`print`函数", "使用print函数"),
        ("**a *b* c**", "*a _b_ c*"),
        ("**(*)**", "(*)"),
        ("**2*3**", "*2*3*"),
        ("***a* b**", "*_a_ b*"),
        ("**a** **b**", "*a* *b*"),
        ("**a**,**b**", "*a*,*b*"),
        ("**a**、**b**", "*a*、*b*"),
        ("**1.** x", "*1.* x"),
        ("**Top 5**in", "Top 5in"),
        (r"**Regex: \d+** x", r"*Regex: \d+* x"),
        (r"(**C:\x**)", r"(*C:\x*)"),
        ("_foo bar_ baz", "_foo bar_ baz"),
        ("a *b* c", "a _b_ c"),
        ("*a\nb*", "_a_\n_b_"),
        ("**Preis**：5", "*Preis*：5"),
        ("__bold text__", "*bold text*"),
        ("__Note__", "*Note*"),
        ("**हिन्दी**में", "हिन्दीमें"),
        ("**हिन्दी** में", "*हिन्दी* में"),
        ("**😀 x 😀**y", "😀 x 😀y"),
        ("**https://x.y/a***", "https://x.y/a*"),
        ("~~https://x.y/~a~~~", "https://x.y/~a~"),
        ("**„ja“** und **»nein«**", "*„ja“* und *»nein«*"),
        ("**src/**/test_*.py**", "src/**/test_*.py"),
        ("**see: *.py**", "*see: *.py*"),
        ("```\nx\n\n\n```", "```\nx\n\n\n```"),
    ],
)
def test_styles_are_shown_where_whatsapp_can_show_them_else_left_out(markdown: str, shown: str) -> None:
    assert one(markdown) == shown


def test_marks_meant_as_characters_are_left_as_they_are() -> None:
    assert one(r"\*no bold\*") == "*no bold*"
    assert one(r"\_no italic\_ and \`no code\`") == "_no italic_ and `no code`"


@pytest.mark.parametrize("mark", "*_")
def test_an_accident_of_a_whole_sentence_is_broken_at_an_ordinary_word(mark: str) -> None:
    words = "for all who have been here for more than a year, as is said below"
    assert one(f"Only \\{mark}now {words}\\{mark}. **Yes**") == f"Only `{mark}now` {words}{mark}. *Yes*"
    assert one(f"\\{mark}now {words}\\{mark}") == f"`{mark}now` {words}{mark}"


def test_an_accident_is_never_broken_in_a_literal() -> None:
    text = "~/docs is where all of it stands, and more than that is at /srv/backup/docs~"
    assert one(text) == text
    assert one("src/*.py and all the other files that are listed below are *.ts,*") == (
        "src/*.py and all the other files that are listed below are *.ts,*"
    )


# --- by chance ------------------------------------------------------------------------------------------------

NAME = st.text("abXZ019_~*.-", min_size=1, max_size=8).map(lambda text: f"{text}k")
PLAIN_NAME = st.text("abXZ019_", min_size=1, max_size=8).map(lambda text: f"{text}k")
HOSTS = st.sampled_from(["x.y", "example.com", "127.0.0.1:8080", "my-host.de"])
SEGMENTS = NAME | st.sampled_from(["Mercury_(planet)", "~anna", "_x_", "__y__", "*z*", "~~q~~", "a_(b)_c"])
URLS = st.builds(
    "{}://{}/{}{}".format,
    st.sampled_from(["https", "http", "ftp"]),
    HOSTS,
    st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join),
    st.sampled_from(["", "/", "?a=_b_&c=*d*", "#_e_f", "_(g)"]),
)
MAILS = st.builds(
    "{}@{}".format,
    st.sampled_from(["ann", "first_last", "_ann_", "__d__", "a*b*c", "x+tag"]),
    st.sampled_from(["x.y", "sub.example.com"]),
)
FOLDERS = st.lists(st.sampled_from(["_data", "__x__", "a_b_", "*y*", "My", "_lib_"]), min_size=1, max_size=4)
PATHS = st.one_of(
    FOLDERS.map(lambda names: "C:\\" + "\\".join(names) + "\\k.txt"),
    FOLDERS.map(lambda names: "\\\\server\\" + "\\".join(names) + "\\k"),
    FOLDERS.map(lambda names: "~/" + "/".join(names) + "/k"),
    FOLDERS.map(lambda names: "/" + "/".join(names) + "/k"),
)
PATTERNS = st.sampled_from(
    [r"\d+\.\d+", r"^\w+@\w+\.\w{2,}$", r"\b_\w+_\b", r"(\+49)?\d{3}\-\d*", r".*\.py$", r"\*\d\*", r"\\d+"]
)
CODE = st.sampled_from(["a*b*c", "_x_", "**y**", r"\d+", "https://x.y/_a_", "{{z}}", "~~s~~"])
OTHERS = st.sampled_from(
    [
        "{{name}}",
        "$_VAR_",
        "${_A_}",
        "%(_n_)s",
        "snake_case_name",
        "__init__",
        "*.py",
        "**/*.ts",
        "file_*.txt",
        "x**2",
    ]
) | st.sampled_from(["~1.2", "2*3*4", "*#06#"])
LITERALS = URLS | MAILS | PATHS | PATTERNS | OTHERS
WORDS = st.sampled_from(
    [
        "word",
        "straße",
        "今天",
        "注意：",
        "مرحبا",
        "שלום",
        "हिन्दी",
        "😀",
        "👨\u200d👩\u200d👧",
        "e\u0301",
        "don't",
        "(so)",
        "–",
    ]
)
PHRASES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
STYLED = st.builds("{0}{1}{0}".format, st.sampled_from(["**", "*", "_", "~~"]), PHRASES)
WRAPPERS = st.sampled_from(
    ["{}", "{}", "{}", "({})", "{},", "{}.", "**see {}**", "**{}** so", "_{}_", "[so](https://x.y/a_b) {}"]
)


def wrapped(wrapper: str, literal: str) -> tuple[str, str]:
    return wrapper.format(literal), literal


FRAGMENTS = st.one_of(
    st.builds(wrapped, WRAPPERS, LITERALS),
    CODE.map(lambda code: (f"`{code}`", code)),
    URLS.map(lambda url: (f"[text]({url})", url)),
    (WORDS | STYLED).map(lambda text: (text, "")),
    st.sampled_from(["\n", "\n\n", "\n- ", "\n# ", "\n> ", "\n1. "]).map(lambda text: (f"x{text}x", "")),
)


def invisible(text: str) -> list[str]:
    return [mark for mark in text if unicodedata.category(mark) in {"Cf", "Cc"} and mark not in "\n\u200d"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fragments=st.lists(FRAGMENTS, min_size=1, max_size=8), limit=st.sampled_from([4000, 150]))
def test_every_literal_of_a_reply_is_in_it_byte_for_byte(
    fragments: list[tuple[str, str]], limit: int
) -> None:
    messages = render_markdown(" ".join(text for text, _ in fragments), limit)
    assert [literal for _, literal in fragments if literal not in "\n".join(messages)] == []
    assert invisible("".join(messages)) == []
    assert all(len(message) <= limit for message in messages)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(WORDS | URLS | st.sampled_from(["\n", "\n\n", ".", "5"]), min_size=1, max_size=20))
def test_rendering_what_was_rendered_changes_nothing(words: list[str]) -> None:
    shown = "\n\n".join(render_markdown(" ".join(words), 4000))
    assert "\n\n".join(render_markdown(shown, 4000)) == shown


@settings(max_examples=200, deadline=None)
@given(text=st.text("ab *_~`\\[](){}<>\"'@/.:$%#|&;-+\n漢。「」«»", max_size=80))
def test_literals_are_found_in_order_and_apart(text: str) -> None:
    places = find_literals(text)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(end <= start for (_, end), (start, _) in pairwise(places))
