"""Words by which a language is known, beside those that `text.function_words` has (lower case, written by hand).

Those of `text.function_words` are left out of what is learned, so they cannot be added to freely; these only vote.
"""

from __future__ import annotations

MORE: dict[str, str] = {
    "bg": (
        "и в на се да за от не са по като ще или но той тя те ние вие аз това тази този тези който която което които "
        "беше има няма може след преди между при до със без много само още също така как когато къде защо всички"
    ),
    "ca": (
        "i el la els les un una de del dels en a al als per amb que és són no se es més però com o ha han va van "
        "aquest aquesta aquests aquestes entre sobre fins des molt també seva seu seus seves ser estar quan on tot"
    ),
    "cs": (
        "a v ve na se je že s z ze do o k ke i za po pro jako jsou byl byla bylo byly být který která které kteří "
        "ale nebo jen však také tak to ten ta tento tato toto jeho její jejich při mezi podle od až už než není aby"
    ),
    "cy": (
        "y yr yn a ac ar i o am gan mae oedd bod wedi ei eu fel neu ond hefyd hyn hwn hon ni nid sydd sy cael gyda "
        "dros rhwng mewn at trwy oherwydd pan pob mwy un fod i'r o'r a'r gwneud iawn wrth"
    ),
    "da": (
        "og i at det er en den til på de som med for af ikke der var et har han men sig om vi kan havde eller hun "
        "også skal blev efter ved fra hvor hvad når så være blive meget mere deres dette disse denne mellem under "
        "over mod uden nogle hvis fordi kun alle andre noget selv nu"
    ),
    "de": "ich du wir was wie wo wer wenn aber über uns mir mich dir dich heute gut viele viel schon",
    "el": (
        "και το η ο του της τα των στο στη στην στον με για από που να δεν είναι ήταν θα ένα μια ένας οι τις τους τον "
        "την ως αλλά ή αυτό αυτή αυτός όπως κατά μετά πριν μεταξύ έχει έχουν όταν πολύ πιο και όλα όλοι"
    ),
    "en": "i he she they said one two out like get go see know make good over back first last many much who",
    "es": (
        "el la los las un una y o de del en a al que es son por para con sin no se su sus lo le les más pero como "
        "este esta estos estas ese esa entre sobre desde hasta muy también ha han fue era ser está están cuando "
        "donde porque todo todos ya yo me mi nos"
    ),
    "et": (
        "ja on ei ka et see seda selle kui oma oli või ning mis kes aga nii siis kuid pole ole olid olla mida mille "
        "kelle nende nad tema ta me te ma sa üks kõik väga ainult pärast enne vahel juures kohta jaoks poolt järgi "
        "kus kuidas miks juba veel"
    ),
    "eu": (
        "eta da dira ez du dute zen ziren bat hau hori hura izan egin baina edo ere bere beste dela den duen zuen "
        "baino arte gabe artean bezala oso guztiak horrek hau hainbat"
    ),
    "fi": (
        "ja on ei se oli että hän joka mutta myös kuin niin tai ovat voi voidaan sekä ole olla olivat jos kun mitä "
        "mikä nyt tämä tämän tässä tästä sen ne he me minä sinä hänen heidän jonka jossa jota jotka joita joiden "
        "sitä siitä siihen niiden niitä näitä näiden vain vielä jo kaikki kaikkien mukaan kanssa ilman ennen jälkeen "
        "välillä koska vaikka eli esimerkiksi lisäksi kuitenkin sisältää yli alle hyvin paljon yksi kaksi ollut"
    ),
    "fr": (
        "le la les un une des du de et est sont en dans sur pour par avec sans ne pas plus ce cette ces qui que quoi "
        "dont où il elle ils elles nous vous je tu se sa son ses leur leurs au aux ou mais comme entre été être "
        "avoir fait aussi très tout tous l'on c'est d'un d'une qu'il"
    ),
    "ga": (
        "agus an na ar i go is a le do bhí tá sé sí siad ach nó ag leis sin seo mar gur nach raibh chun ó faoi idir "
        "gach eile níl ní ina lena bhfuil"
    ),
    "hr": (
        "i u je na se da za su od s sa o kao koji koja koje kojima ili ali iz po do biti bio bila bilo nije ovaj ova "
        "ovo taj ta to njegov njihov između prema također samo više kako kada gdje jer što sve svi"
    ),
    "hu": (
        "a az és hogy nem is egy volt de meg mint vagy ez azt ezt csak már még van voltak lesz aki amely ami akik "
        "amelyek után előtt között szerint nagyon minden sem ki el fel be le ha így úgy majd pedig illetve valamint "
        "által alatt során"
    ),
    "is": (
        "og að í á er sem við til en það um ekki var með af fyrir hann hún þeir þær þau eru hefur hafa verið frá eða "
        "þess þessi þetta þar svo eftir upp út þegar mjög allt allir"
    ),
    "it": (
        "il lo la i gli le un uno una di del della dei delle in nel nella a al alla da dal dalla con su per tra fra e "
        "o ma che chi non è sono era si come anche più questo questa questi queste essere ha hanno stato cui loro "
        "suo sua dopo prima quando dove perché tutto tutti"
    ),
    "la": (
        "et in est non ad ut cum ex sed qui quae quod de a ab si aut etiam ac per esse sunt autem enim hoc haec hic "
        "ille eius quam atque nec quoque inter ante post sine"
    ),
    "lt": (
        "ir yra kad į iš su o ne kaip bet buvo ar tai jis ji jie jos už apie nuo per po prie pagal tik taip pat kuris "
        "kuri kurie kurios šis ši šie šios arba dar jau savo būti labai tarp be prieš"
    ),
    "lv": (
        "un ir ka no uz ar par kas bet vai tas tā šis šī pēc kā arī nav bija viņš viņa viņi to tie savu līdz pie pret "
        "starp tikai jau vēl ļoti būt kurš kura kuri pirms bez"
    ),
    "nb": (
        "og i det er en på som til av for med at den de ikke et var har han å men seg om vi kan eller hun også skal "
        "ble etter ved fra hvor hva når så være bli mye mer deres dette disse denne mellom under over mot uten noen "
        "hvis fordi bare alle andre noe selv nå"
    ),
    "nl": (
        "de het een en van in is op te dat die voor met zijn niet aan er om ook als maar bij dan nog of naar door "
        "over uit wel werd worden wordt deze dit heeft hebben was waren ze hij zij we wij ik je geen meer onder "
        "tussen tegen tot zonder veel kan kunnen hun haar waar wat wie hoe"
    ),
    "nn": (
        "og i det er ein ei eit på som til av for med at den dei ikkje var har han å men seg om vi kan eller ho også "
        "skal vart etter ved frå kvar kva når så vere bli mykje meir deira dette desse denne mellom under utan nokon"
    ),
    "pl": (
        "i w we na się jest że z ze do o nie to jak po za od dla przez są był była było były być który która które "
        "którzy ale lub oraz tylko także tak ten ta jego jej ich przy między według już niż co czy może aby"
    ),
    "pt": (
        "o a os as um uma e ou de do da dos das em no na nos nas que é são por para com sem não se seu sua seus suas "
        "mais mas como este esta estes estas esse essa entre sobre desde até muito também foi era ser está quando "
        "onde porque todo todos já eu ao aos à às pelo pela"
    ),
    "ro": (
        "și în de la cu pe pentru din care este sunt un o nu se să a al ale ai mai dar sau ca fi fost era lui ei lor "
        "prin după între până acest această aceste acești foarte când unde toate toți cel cea cele că"
    ),
    "ru": (
        "и в на не с что по это он она они как его её их к но из у за от для о же а бы был была было были быть который "
        "которая которые или также так то все при между после до без только ещё уже если когда где очень может я мы"
    ),
    "se": "ja lea leat go dat mii ahte muhto dán dan maid maiddái nu gos son sii sin su das dasa ii eai leai ledje",
    "sk": (
        "a v vo na sa je že s so z zo do o k ku i za po pre ako sú bol bola bolo boli byť ktorý ktorá ktoré ktorí ale "
        "alebo len však tiež tak to ten tá tento táto toto jeho jej ich pri medzi podľa od až už než nie aby"
    ),
    "sl": (
        "in v je na se da za so od s z o kot ki ali pa ne po do bil bila bilo biti ta to te njegov njihov med pri "
        "tudi samo več kako kdaj kje ker kaj vse vsi še že kjer zaradi"
    ),
    "sv": (
        "och i att det är en den till på de som med för av inte var ett har han men sig om vi kan hade eller hon "
        "också ska skall blev efter vid från hur vad när så vara bli blir mycket mer deras detta dessa denna mellan "
        "under över mot utan några om eftersom bara alla andra något själv nu sin sitt sina där här finns samt"
    ),
    "tr": (
        "ve bir bu da de için ile çok olarak daha o ne gibi kadar sonra en olan ama ya var yok değil ki mi mı her "
        "tarafından olduğu oldu göre arasında hem ise şey ben sen biz siz onlar bunu onun bütün"
    ),
    "uk": (
        "і в у на не з що та як до за від це він вона вони його її їх але або про для був була було були бути який "
        "яка які також так все між після без тільки ще вже якщо коли де дуже може при по із й є"
    ),
}
