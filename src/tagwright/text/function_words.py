"""Words that carry no subject, by language (lower case, written by hand)."""

from __future__ import annotations

BY_LANGUAGE: dict[str, str] = {
    "en": (
        "a about above after again against all also am among an and any are as at be because been before "
        "being below between both but by can could did do does doing down during each either few for from "
        "further had has have having he her here hers him his how however i if in into is it its itself just "
        "may me might more most must my new no nor not of off on once one only or other our out over own per "
        "same shall she should since so some such than that the their them then there these they this those "
        "through thus to too two under until up upon us use used using very via was we were what when where "
        "which while who whom whose why will with within without would yet you your"
    ),
    "de": (
        "aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bis bzw da "
        "dabei damit dann das dass dazu dem den denn der des dessen deren die dies diese diesem diesen dieser "
        "dieses doch dort durch ein eine einem einen einer eines er es etwa für gegen hat hatte haben hier "
        "ihr ihre ihrem ihren ihrer im in ins ist jede jeder jedes je jedoch kann kein keine können man mehr "
        "mit muss nach nicht noch nur ob oder ohne sehr sein seine seinem seinen seiner sich sie sind so soll "
        "sollen sowie über um und uns unter vom von vor war waren was weil welche welcher wenn wer werden wie "
        "wird wo wurde wurden zu zum zur zwischen"
    ),
    "fr": (
        "au aux avec ce ces cette comme dans de des du elle en entre est et il ils la le les leur leurs mais "
        "ne nous ou où par pas plus pour qu que qui sa sans se ses son sont sur un une vous"
    ),
    "es": (
        "al como con de del el en entre es esta este la las lo los más no o para pero por que se sin sobre su "
        "sus un una y"
    ),
    "it": ("al alla che con da dal dei del della delle di e gli i il in la le lo nel nella non o per più si su un una"),
    "nl": (
        "aan bij dat de den der die dit een en het hun in is met niet of om op over te tot uit van voor was wordt zijn"
    ),
    "sv": ("att av den det de en ett för från har i inte med men och om på som till vid är"),
    "fi": ("ei ja jos kuin kun mutta myös ne niin ole oli on ovat että se sekä tai"),
}
