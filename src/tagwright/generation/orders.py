"""Sentences in a document that give orders to a model: they are left out of what a model gets to see."""

from __future__ import annotations

import re

# The words are those of orders, by what they do; in the languages in which such texts are mostly written.
_FORGET = (
    r"ignor\w*|disregard\w*|forget|override|bypass|do not (?:follow|obey)|vergiss|vergessen sie|missacht\w*|"
    r"beachten? sie (?:\w+ )?nicht|oublie[zr]?|olvid\w+|dimentic\w+|esque[cç]\w+|negeer\w*|vergeet|zignoruj\w*|"
    r"игнорир\w+|забуд\w+|忽略|无视|無視|忘记|忘れ|무시|تجاهل"
)
_RULES = (
    r"instruct\w*|instru[kcç]\w*|rules?|prompts?|guidelines?|(?:the )?lists?|(?:every|any)thing (?:above|before)|above|"
    r"previous|anweisung\w*|regeln?|vorgaben?|liste|obige\w*|vorherige\w*|consignes?|r[eè]gles?|istruzion\w*|regole|"
    r"instruções|regras|instructies|regels|инструкци\w*|указани\w*|правил\w*|指令|指示|说明|规则|ルール|지시|التعليمات"
)
_ANSWER = (
    r"answer|respond|reply|output|return|print|say|write|select|choose|pick|assign|tag|classify|"
    r"antworte\w*|wähle\w*|vergib|vergeben sie|verschlagworte\w*|schreib\w*|gib|"
    r"répond\w*|choisi\w*|attribue\w*|responde\w*|contesta|elige\w*|asigna|rispondi\w*|scegli\w*|assegna|escolh\w*|"
    r"antwoord\w*|kies|отве[чт]\w*|выбер\w*|присво\w*|回答|选择|输出|標記|标注|選択|答え|답\w*|선택\w*|أجب|اختر"
)
_ONLY = (
    r"only|just|always|exactly|instead|nothing (?:else|but)|must|nur|immer|stattdessen|ausschließlich|genau|"
    r"seulement|uniquement|toujours|plutôt|s[oó]lo|solamente|siempre|sempre|soltanto|alleen|altijd|"
    r"только|всегда|只|总是|仅|必须|だけ|必ず|만|항상|فقط|دائما"
)
_MODEL = (
    r"language models?|(?:large )?llms?|chat ?gpt|ai (?:assistant|model|system)s?|chatbots?|the model|"
    r"system (?:prompt|message|override)|sprachmodell\w*|ki[- ](?:assistent\w*|modell\w*|system\w*)|"
    r"mod[eè]les? de langage|modelos? de len?guaje?|modell[oi] linguistic\w*|taalmodel\w*|"
    r"языков\w+ модел\w+|ассистент\w*|语言模型|语言模型|人工智能助手|言語モデル|언어 모델|نموذج"
)
_ROLE = r"you are (?:now|a|an|no longer)|du bist (?:jetzt|nun|ein)|sie sind (?:jetzt|nun)|tu es (?:maintenant|un)"
_SIGNS = re.compile(
    r"\[/?(?:inst|system|assistant|user)\]|<\|?/?(?:im_start|im_end|system|assistant|user)\|?>|^\W*(?:system|assistant)\s*:|"
    r"###\s*(?:instruction|system|response)|begin (?:system|admin)|new instructions?\s*:"
)


def _any(words: str) -> re.Pattern[str]:
    # Scripts without spaces have no word boundaries that a pattern could ask for.
    return re.compile(rf"(?<![a-zà-ÿа-я])(?:{words})(?![a-zà-ÿа-я])")


_WORDS = {name: _any(words) for name, words in (
    ("forget", _FORGET), ("rules", _RULES), ("answer", _ANSWER), ("only", _ONLY), ("model", _MODEL), ("role", _ROLE),
)}  # fmt: skip
# "Ignore all of the previous instructions", but not "the rules that people ignore".
_FORGETTING = re.compile(rf"(?<![a-zà-ÿа-я])(?:{_FORGET})\W*(?:\w+\W+){{0,5}}?(?:{_RULES})(?![a-zà-ÿа-я])")
_SENTENCE = re.compile(r"[^.!?。！？؟;\n]+[.!?。！？؟;\n]*")


def without_orders(text: str) -> tuple[str, int]:
    """The text without the sentences that look like orders to a model and those after them, and how many orders.

    It is the outer one of three walls: behind it an answer can only be a place on the list, and counts no more than
    answers were right before. A sentence is an order where it tells to forget rules, to answer only so, or speaks to a
    model and tells it what to answer. A document about such orders loses a sentence, in the prompt alone.
    """
    kept, orders, before = [], 0, False
    for sentence in _SENTENCE.findall(text):
        order = _is_order(sentence.casefold())
        orders += order
        if not (order or before):  # what follows an order says what is to be answered
            kept.append(sentence)
        before = order
    return ("".join(kept), orders) if orders else (text, 0)


def _is_order(sentence: str) -> bool:
    said = {name for name, pattern in _WORDS.items() if pattern.search(sentence)}
    return (
        _FORGETTING.search(sentence) is not None
        or {"forget", "answer", "only"} <= said
        or ({"answer", "only"} <= said and bool({"model", "role", "rules"} & said or _TARGET.search(sentence)))
        or {"role", "answer"} <= said
        or ({"model", "answer"} <= said and bool({"only", "rules"} & said or _TARGET.search(sentence)))
        or _SIGNS.search(sentence) is not None
    )


# What such an answer is to be: words of a cataloguer's, which ordinary sentences with "only" and "write" rarely have.
_TARGET = re.compile(
    r"subject heading|heading|\btags?\b|keyword|schlag?w[oö]rt|descriptor|deskriptor|\bnumber \d|\bnummer \d|"
    r"\byes\b|mot[s-]*cl[eé]|palabra clave|rubri|рубрик|тег|关键词|主题词|标签|标题|タグ|件名|태그|كلمة"
)
