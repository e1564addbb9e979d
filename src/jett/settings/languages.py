"""The languages that Whisper knows, by the codes that `stt.language` takes. Names and nothing else; no engine.

From `LANGUAGES` in OpenAI's whisper/tokenizer.py (v20231117, MIT): all 100, of which `yue` came with large-v3; each
is a token `<|code|>` of the multilingual models.
"""

from __future__ import annotations

import difflib

_TABLE = (
    "af afrikaans,am amharic,ar arabic,as assamese,az azerbaijani,ba bashkir,be belarusian,bg bulgarian,bn bengali,"
    "bo tibetan,br breton,bs bosnian,ca catalan,cs czech,cy welsh,da danish,de german,el greek,en english,es spanish,"
    "et estonian,eu basque,fa persian,fi finnish,fo faroese,fr french,gl galician,gu gujarati,ha hausa,haw hawaiian,"
    "he hebrew,hi hindi,hr croatian,ht haitian creole,hu hungarian,hy armenian,id indonesian,is icelandic,it italian,"
    "ja japanese,jw javanese,ka georgian,kk kazakh,km khmer,kn kannada,ko korean,la latin,lb luxembourgish,ln lingala,"
    "lo lao,lt lithuanian,lv latvian,mg malagasy,mi maori,mk macedonian,ml malayalam,mn mongolian,mr marathi,ms malay,"
    "mt maltese,my myanmar,ne nepali,nl dutch,nn nynorsk,no norwegian,oc occitan,pa punjabi,pl polish,ps pashto,"
    "pt portuguese,ro romanian,ru russian,sa sanskrit,sd sindhi,si sinhala,sk slovak,sl slovenian,sn shona,so somali,"
    "sq albanian,sr serbian,su sundanese,sv swedish,sw swahili,ta tamil,te telugu,tg tajik,th thai,tk turkmen,"
    "tl tagalog,tr turkish,tt tatar,uk ukrainian,ur urdu,uz uzbek,vi vietnamese,yi yiddish,yo yoruba,yue cantonese,"
    "zh chinese"
)
WHISPER_LANGUAGES = {code: name for code, _, name in (entry.partition(" ") for entry in _TABLE.split(","))}
"""Name by code."""


def nearest_language(text: str) -> str:
    """The code that somebody meant who wrote `de-DE`, `German` or `ger`; empty when nothing is near."""
    word = text.strip().lower()
    code = word.replace("_", "-").partition("-")[0]
    if code in WHISPER_LANGUAGES:
        return code
    by_name = {name: code for code, name in WHISPER_LANGUAGES.items()}
    begun = [code for name, code in by_name.items() if len(word) >= 3 and name.startswith(word)]
    near = difflib.get_close_matches(word, by_name, n=1, cutoff=0.7)
    return begun[0] if begun else by_name[near[0]] if near else ""
