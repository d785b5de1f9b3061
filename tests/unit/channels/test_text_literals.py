"""What people copy, open or run comes out of a rendered reply byte for byte, and the rest as WhatsApp can show it."""

import pytest

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
(?P<year>\d{4})-(?P<_m>\d\d)
(?<_x_>\w+)
\<\w+\>
^[A-Z](\d+)_x$
[+-](?:_a_|_b_)
rules[_name_](event) and a[0](b)
+ 49 151 234567
+49 (151) 234_567
24. 12. 2025
> 5 €
{"url":"https://x.y/_a_","b":"*c*"}
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
        ("请看[文档](https://x.y/a_b)", "请看文档 (https://x.y/a_b)"),
        ("see[^1][site](x.y/a)", "see[^1]site (x.y/a)"),
        ('<a href="https://x.y/_a_">**b**</a>', '<a href="https://x.y/_a_">*b*</a>'),
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
