"""What is said for what is written."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jett.turns.spoken_text import CODE_LEFT_OUT, MAX_CHARS, spoken_text

ROWS = [
    # prose stays as it is
    ("The capital of France is Paris.", "The capital of France is Paris."),
    ("It costs 5 euros/month.", "It costs five euros per month."),
    ("The log of 2024/03/05 is here.", "The log of March fifth, twenty twenty-four is here."),
    ("x = √9", "x equals the square root of nine"),
    ("Isn't it? Well — yes; no: maybe!", "Isn't it? Well — yes; no: maybe!"),
    ('It is "so" (mostly).', 'It is "so" (mostly).'),
    # whole numbers, decimals, signs
    ("I have 1 cat and 21 dogs.", "I have one cat and twenty-one dogs."),
    ("0 or 100", "zero or one hundred"),
    ("1,234,567", "one million two hundred thirty-four thousand five hundred sixty-seven"),
    ("3.14159", "three point one four one five nine"),
    ("-5 and -3.5 and .5", "minus five and minus three point five and zero point five"),
    ("007", "zero zero seven"),
    ("12345678901234567", "one two three four five six seven eight nine zero one two three four five six seven"),
    ("~5, ±3, +2", "about five, plus or minus three, plus two"),
    ("1e9", "one times ten to the nine"),
    ("0x1F", "hex one F"),
    ("No. 5 and #3", "Number five and number three"),
    ("the 1st, 2nd, 3rd, 12th and 21st", "the first, second, third, twelfth and twenty-first"),
    ("the 100th and 20th", "the one hundredth and twentieth"),
    # ranges, fractions, sums
    ("5-10 minutes", "five to ten minutes"),
    ("pages 10–20", "pages ten to twenty"),
    ("5 - 3 = 2", "five minus three equals two"),
    ("2 + 2 = 4", "two plus two equals four"),
    ("1/2, 3/4, 5/8, 1 1/2, 2½", "one half, three quarters, five eighths, one and a half, two and a half"),
    ("12/50 passed, 24/7", "twelve out of fifty passed, twenty-four seven"),
    ("3x faster, 16:9", "three times faster, sixteen to nine"),
    ("1920x1080 in 4K", "nineteen twenty by ten eighty in four K"),
    ("10k users, 5M more", "ten thousand users, five million more"),
    ("x² + 10^3", "x squared plus ten cubed"),
    ("mc², H₂O, 2*3=6", "mc squared, H two O, two times three equals six"),
    ("π ≈ 3.14, f = 2x+1", "π is about three point one four, f equals two x plus one"),
    ("call 911 or 1-800-555-1234", "call nine one one or one, eight zero zero, five five five, one two three four"),
    ("5'10\" tall", "five foot ten tall"),
    # money
    ("$5, $1, $5.50", "five dollars, one dollar, five dollars and fifty cents"),
    ("$0.99 or £3.01", "ninety-nine cents or three pounds and one penny"),
    ("$3.5 million, $5k", "three point five million dollars, five thousand dollars"),
    ("$1.2B", "one point two billion dollars"),
    ("€20, 20 €, 5 USD, ¥500", "twenty euros, twenty euros, five US dollars, five hundred yen"),
    ("$5-10", "five to ten dollars"),
    # percent and units
    ("50%, 12.5 %, 5-10%", "fifty percent, twelve point five percent, five to ten percent"),
    ("16 GB, 1 GB, 512MB", "sixteen gigabytes, one gigabyte, five hundred twelve megabytes"),
    ("1.5 TB and 8 GiB", "one point five terabytes and eight gibibytes"),
    ("3 ms, 1 s, 5s", "three milliseconds, one second, five seconds"),
    ("120 km/h or 5 km", "one hundred twenty kilometers per hour or five kilometers"),
    ("21 °C, -4°C", "twenty-one degrees Celsius, minus four degrees Celsius"),
    ("72°F, 1°C", "seventy-two degrees Fahrenheit, one degree Celsius"),
    ("90°", "ninety degrees"),
    ("100 MB/s, 10 Mbps", "one hundred megabytes per second, ten megabits per second"),
    ("3.5 GHz, 12 kWh, 65 W", "three point five gigahertz, twelve kilowatt hours, sixty-five watts"),
    ("16 GB/32 GB, 5 GB/day", "sixteen gigabytes slash thirty-two gigabytes, five gigabytes per day"),
    ("28 tokens/s", "twenty-eight tokens per second"),
    ("30 m², 50 m2, 5 km²", "thirty square meters, fifty square meters, five square kilometers"),
    ("an 8B model", "an eight B model"),
    ("5 min. later", "five minutes later"),
    # times, dates, years
    ("10:30, 10:05, 10:00", "ten thirty, ten oh five, ten o'clock"),
    ("14:30, 22:00, 0:00", "fourteen thirty, twenty-two hundred, midnight"),
    ("At 10:30 p.m. The sun set.", "At ten thirty PM. The sun set."),
    ("5 pm, 5am, 7:00 AM", "five PM, five AM, seven AM"),
    ("10:30:15", "ten thirty and fifteen seconds"),
    ("2024-01-05", "January fifth, twenty twenty-four"),
    ("2024-01-05T10:30:00Z", "January fifth, twenty twenty-four at ten thirty UTC"),
    ("01/05/2024 or 25/12/2023", "January fifth, twenty twenty-four or December twenty-fifth, twenty twenty-three"),
    ("on 5.1.2024", "on January fifth, twenty twenty-four"),
    ("January 5, 2024 or Jan 5", "January fifth, twenty twenty-four or January fifth"),
    ("5 January 2024, the 5th of May", "the fifth of January twenty twenty-four, the fifth of May"),
    ("In 1999, in 2005, in 1905", "In nineteen ninety-nine, in two thousand five, in nineteen oh five"),
    ("2024-2026, 2000", "twenty twenty-four to twenty twenty-six, two thousand"),
    ("the 1990s and the '80s", "the nineteen nineties and the eighties"),
    ("12m 5s, 2h 30m", "twelve minutes five seconds, two hours thirty minutes"),
    ("2024-06-01 03:15", "June first, twenty twenty-four at three fifteen"),
    ("the 1800s, 100s of people", "the eighteen hundreds, hundreds of people"),
    ("I may 5 times", "I may five times"),
    # abbreviations
    ("Mr. and Mrs. Smith, Baker St. in London", "Mister and Missus Smith, Baker Street in London"),
    ("World War II, Henry VIII, Chapter V, Then I go", "World War two, Henry the eighth, Chapter five, Then I go"),
    ("Dr. Smith and Mr. Jones", "Doctor Smith and Mister Jones"),
    ("this vs. That, approx. 5", "this versus That, approximately five"),
    ("e.g. this, i.e. that", "for example, this, that is, that"),
    ("apples, pears, etc. The rest", "apples, pears, et cetera. The rest"),
    ("The U.S. Army.", "The US Army."),
    ("it took 10 ms. The end", "it took ten milliseconds. The end"),
    ("and/or, w/ milk", "and or, with milk"),
    # addresses
    ("https://www.github.com/a/b?x=1", "github dot com"),
    ("See https://github.com/a/b. Good.", "See github dot com. Good."),
    ("(https://example.org)", "(example dot org)"),
    ("Go to docs.python.org.", "Go to docs dot python dot org."),
    ("bob.smith@example.com", "bob dot smith at example dot com"),
    ("10.0.0.2", "ten dot zero dot zero dot two"),
    ("10.0.0.2:5678", "ten dot zero dot zero dot two port fifty-six seventy-eight"),
    ("192.168.1.0/24", "one hundred ninety-two dot one hundred sixty-eight dot one dot zero slash twenty-four"),
    ("localhost:8080", "local host port eighty eighty"),
    ("http://10.0.0.2:3000/x", "ten dot zero dot zero dot two port three thousand"),
    ("port 443, port 80", "port four forty-three, port eighty"),
    ("550e8400-e29b-41d4-a716-446655440000", "a code that starts with five five zero E"),
    ("fe80::1", "F E eight zero double colon one"),
    ("ping ::1.", "ping double colon one."),
    (
        "2001:db8::8a2e:370:74",
        "two zero zero one colon D B eight double colon eight A two E colon three seven zero colon seven four",
    ),
    ("1:2:3:4:5:6:7:8", "one colon two colon three colon four colon five colon six colon seven colon eight"),
    ("fe80::1%eth0, it is", "F E eight zero double colon one on eth zero, it is"),
    ("2001:db8::/32", "two zero zero one colon D B eight double colon slash thirty-two"),
    ("[::1]:8080", "double colon one port eighty eighty"),
    ("http://[::1]:8080/x", "double colon one port eighty eighty"),
    ("listen on [::]:80", "listen on double colon port eighty"),
    (
        "::ffff:192.168.1.1",
        "double colon F F F F colon one hundred ninety-two dot one hundred sixty-eight dot one dot one",
    ),
    ("on fe80::1: yes", "on F E eight zero double colon one: yes"),
    ("std::vector, a::b, Class::method", "std:vector, a:b, Class:method"),
    ("12:30, 16:9, 10:30:15", "twelve thirty, sixteen to nine, ten thirty and fifteen seconds"),
    ("at 12:30: go", "at twelve thirty: go"),
    # telephone numbers
    ("+49 30 1234567", "plus four nine, three zero, one two three, four five six seven"),
    ("+491701234567", "plus four nine, one seven zero, one two three, four five six seven"),
    ("tel:+15551234567", "plus one, five five five, one two three, four five six seven"),
    ("+353 1 234 5678", "plus three five three, one, two three four, five six seven eight"),
    ("(555) 123-4567", "five five five, one two three, four five six seven"),
    ("555.123.4567.", "five five five, one two three, four five six seven."),
    ("1 (800) 555-1234", "one, eight zero zero, five five five, one two three four"),
    ("+1 (555) 123-4567", "plus one, five five five, one two three, four five six seven"),
    ("call 555-1234", "call five five five, one two three four"),
    ("030 1234567", "zero three zero, one two three, four five six seven"),
    ("0171/1234567", "zero one seven one, one two three, four five six seven"),
    ("01 23 45 67 89", "zero one, two three, four five, six seven, eight nine"),
    ("(555) people, +100 points", "(five hundred fifty-five) people, plus one hundred points"),
    ("https://a.com/555-123-4567", "a dot com"),
    # versions, files, flags
    ("v1.2.3", "version one point two point three"),
    ("n8n 2.41.1", "n eight n two point forty-one point one"),
    ("Python 3.11, version 3.5", "Python three point eleven, version three point five"),
    ("1.0.0-rc1", "one point zero point zero RC one"),
    ("/etc/nginx/nginx.conf", "slash etc slash engine x slash engine x dot conf"),
    ("~/.bashrc", "home slash dot bashrc"),
    ("/var/lib/docker/volumes/x/y", "x slash y"),
    ("src/jett/app.py", "src slash jett slash app dot PY"),
    ("C:\\Users\\me\\file.txt", "C drive Users slash me slash file dot text"),
    ("app.py and docker-compose.yml", "app dot PY and docker-compose dot yammel"),
    (".env and .gitignore", "dot env and dot gitignore"),
    ("docker run --rm -it", "docker run dash dash rm dash it"),
    ("--no-cache", "dash dash no cache"),
    ("8080:80", "eighty eighty to eighty"),
    ("MY_VAR=5", "MY VAR equals five"),
    ("snake_case_name", "snake case name"),
    # names
    ("n8n", "n eight n"),
    ("Postgres and PostgreSQL", "post gress and post gress QL"),
    ("nginx, Redis, qdrant's", "engine x, reddis, quadrant's"),
    ("portainer", "portainer"),
    ("kubectl on k8s", "cube control on kubernetes"),
    ("Node.js, C++, C#", "node JS, C plus plus, C sharp"),
    ("an RTX 3070", "an RTX thirty seventy"),
    ("Qwen2.5", "kwen two point five"),
    # markup
    ("# Heading", "Heading."),
    ("- item one\n- item two", "item one. item two."),
    ("1. First\n2. Second", "one, First. two, Second."),
    ("- [x] done", "done."),
    ("> quoted", "quoted"),
    ("**bold**, *it*, __b__, _i_, ~~s~~, `c`", "bold, it, b, i, s, c"),
    ("**half", "half"),
    ("[the docs](https://a.b/c), ![a cat](x.png)", "the docs, a cat"),
    ("<https://github.com>", "github dot com"),
    ("| a | b |\n|---|---|\n| 1 | 2 |", "a, b. one, two."),
    ("```py\nprint(1)\n```", CODE_LEFT_OUT),
    ("Run:\n```\nls", f"Run: {CODE_LEFT_OUT}"),
    ("<b>bold</b><br/>", "bold"),
    ("Tom &amp; Jerry", "Tom and Jerry"),
    ("Great! 😀🎉 👍🏽 Sure.", "Great! Sure."),
    ("What?!?! no!!! Really...", "What? no! Really…"),
    ("a -> b, x <= 5, a && b", "a to b, x at most five, a and b"),
    ("---", ""),
    ("😀", ""),
    ("...", ""),
    ("", ""),
]


@pytest.mark.parametrize(("written", "spoken"), ROWS, ids=[written[:40] for written, _ in ROWS])
def test_it_is_said_as_a_person_would(written: str, spoken: str) -> None:
    assert spoken_text(written) == spoken


@pytest.mark.parametrize("written", [written for written, _ in ROWS])
def test_what_was_spoken_text_stays_as_it_is(written: str) -> None:
    once = spoken_text(written)
    assert spoken_text(once) == once


def test_the_owner_adds_and_replaces_pronunciations() -> None:
    own = {"Jett": "jet", "redis": "ready's", "my.box": "my box"}
    assert spoken_text("jett runs Redis on my.box and nginx", own) == "jet runs ready's on my box and engine x"


def test_more_than_a_quarter_of_an_hour_is_not_spoken() -> None:
    assert len(spoken_text("word " * MAX_CHARS)) <= MAX_CHARS


WORDS = "the capital of France is Paris and it has a river, which is long. Really? Yes! Well; so: it's"
PROSE = st.lists(st.sampled_from(WORDS.split(" ")), min_size=1).map(" ".join)
PIECES = (
    "1 22 3.14 -5 1,000 $5 % 10:30 pm GB km/h °C 2024 v1.2 # ** * _ ` ``` [a](b) | --- - n8n http://a.b:80/c "
    "x@y.zz 10.0.0.2 /etc/x.py C:\\x --flag -p \n \n\n Dr. e.g. U.S. & < > = + / \\ ^ ~ ² ½ € 😀 é ٣ 漢 &amp; 1/2 "
    "5-10 Jan May World VIII II I 100s 12m 5s 2h 30m call 911 "
    ":: fe80::1 [::1]:80 %eth0 +49 030 1234567 (555) 123-4567 ' \" :) $ € ( ) . , ! ? °"
)
ANYTHING = st.one_of(
    st.text(),
    st.lists(st.sampled_from(PIECES.split(" "))).map(" ".join),
    st.lists(st.sampled_from(PIECES.split(" "))).map("".join),
)
UNSPEAKABLE = re.compile(r"[*_`#~|\[\]{}<>\\^=+/@%&$€\d]")


@given(PROSE)
def test_plain_prose_is_left_alone(prose: str) -> None:
    assert spoken_text(prose) == prose


@given(ANYTHING)
@example("٣ ² ① 5٣")
@example("\ud800")
def test_no_markup_sign_or_digit_is_left_to_be_spoken(written: str) -> None:
    assert not UNSPEAKABLE.search(spoken_text(written))


@given(ANYTHING)
def test_it_does_not_grow_without_bound(written: str) -> None:
    assert len(spoken_text(written)) <= 40 * len(written)


@given(ANYTHING)
def test_it_is_one_line_without_doubled_spaces(written: str) -> None:
    spoken = spoken_text(written)
    assert spoken == " ".join(spoken.split())
