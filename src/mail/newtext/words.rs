//! The words by which mail programs and people mark history and signatures, by language.
//!
//! Phrases stand between bars, in lower case with single spaces and plain apostrophes, as
//! `line::plain` writes a line. Order in a table does not matter. A word belongs here when a mail
//! program writes it or a language's letters commonly end with it, never because one mail had it.

/// Labels of the author in the header block that programs put above what they quote.
pub const FROM: &str = "
    from | från | fra | frå | von | lähettäjä | de | da | van | od | expéditeur | avsändare |
    avsender | afsender | absender | mittente | remitente |
    от | od koho | kimden | feladó | de la | από | 发件人 | 寄件者 | 差出人 | 보낸 사람 | frá | från (from) |
    remetente |
";
/// Labels of the date.
pub const SENT: &str = "
    sent | date | skickat | skickades | datum | sendt | sendt den | sendt dato | dato | gesendet |
    gesendet am | lähetetty | päivämäärä | päiväys | pvm | envoyé | envoyé le | date d'envoi |
    enviado | enviado el | enviada em | enviado em | fecha | inviato | data | verzonden | wysłano |
    sent at | date sent |
    отправлено | дата | odesláno | odoslané | gönderme tarihi | gönderildi | tarih | elküldve |
    dátum | trimis | data trimiterii | στάλθηκε | ημερομηνία | 发送时间 | 日期 | 寄件日期 | 送信日時 | 日付 |
    보낸 날짜 | 날짜 | sent on | sendt kl |
";
/// Labels of the recipients.
pub const TO: &str = "
    to | till | til | an | vastaanottaja | à | a | para | aan | do | destinataire | mottagare |
    mottaker | modtager | empfänger | destinatario | per |
    кому | komu | kime | címzett | către | προς | 收件人 | 收件者 | 宛先 | 받는 사람 |
";
/// Labels of the subject.
pub const SUBJECT: &str = "
    subject | ämne | emne | betreff | aihe | objet | sujet | asunto | oggetto | onderwerp | temat |
    assunto | rubrik | re |
    тема | předmět | predmet | konu | tárgy | subiect | θέμα | 主题 | 主旨 | 件名 | 제목 | efni |
";
/// Labels of further fields.
pub const OTHER: &str = "
    cc | kopia | kopi | kopie | kopio | copie | copie à | copia | dw | bcc | ccn | cci | reply-to |
    svar till | svara till | svar til | antwort an | vastaus | répondre à | importance | prioritet |
    priority | priorität | wichtigkeit | importancia | viktighet | attachments | attachment |
    bilagor | bilaga | vedlegg | anlagen | anlage | liitteet | pièces jointes | organization |
    organisation | mailed-by | x-mailer | message-id |
    копия | kopija | bilgi | 抄送 | 副本 |
";

/// Words of an attribution: "On … wrote:".
pub const WROTE: &str = "
    wrote | writes | skrev | skriver | skreiv | schrieb | schreibt | geschrieben | écrit |
    kirjoitti | kirjoittaa | escribió | escribio | scritto | schreef | geschreven | napisał |
    napisała | napisal | escreveu | napsal | napsala | написал | написала | пишет |
    писал | писала | пише | написав | написала | napísal | napísala | napisao | napisala | yazdı |
    írta | scris | έγραψε | viết | kirjutas | rašė | rakstīja | skrifaði | 写道 | 寫道 | 작성 | 書きました |
";
/// First persons beside such a word: the writer speaks of himself, nothing is quoted.
pub const MYSELF: &str = "
    i | we | jag | vi | jeg | ich | wir | je | j'ai | nous | minä | me | ik | wij | ja | eu |
";
/// Words after it that announce the writer's own text.
pub const AS_FOLLOWS: &str = "
    följande | following | følgende | folgendes | seuraavaa | suivant | that | att | at | dass |
    this | detta | dette | siguiente | volgende |
";
/// Words that begin an attribution, before its date.
pub const ATTRIBUTION_START: &str = "
    on | den | am | le | el | il | op | em | på | w | dne | dnia | in | el día |
    в | на | dňa | dana | στις | 在 | 于 | 於 | vào | þann |
";
/// Attributions without a date; the address tells them.
pub const QUOTING: &str = "
    quoting | citerar | zitat von | citat från | quoted from |
";
/// Days and months, as far as they are written in attributions.
pub const CALENDAR: &str = "
    mon | tue | wed | thu | fri | sat | sun | monday | tuesday | wednesday | thursday | friday |
    saturday | sunday | jan | feb | mar | apr | may | jun | jul | aug | sep | sept | oct | nov |
    dec | january | february | march | april | june | july | august | september | october |
    november | december | mån | tis | ons | tor | tors | fre | lör | sön | måndag | tisdag |
    onsdag | torsdag | fredag | lördag | söndag | januari | februari | mars | maj | juni | juli |
    augusti | oktober | man | tir | lør | søn | mandag | tirsdag | lørdag | søndag | januar |
    februar | mai | august | desember | dezember | ma | ti | ke | to | pe | la | su | maanantai |
    tiistai | keskiviikko | torstai | perjantai | lauantai | sunnuntai | mo | di | mi | do | fr |
    sa | so | montag | dienstag | mittwoch | donnerstag | freitag | samstag | sonntag | märz | lun |
    mer | jeu | ven | sam | dim | lundi | mardi | mercredi | jeudi | vendredi | samedi | dimanche |
    giorno | dniu | pon | wt | śr | czw | pt | sob | ter | qua | qui | sex | sáb | dom | mié | jue |
    vie | zo | wo | vr | za |
    пн | вт | ср | чт | пт | сб | вс | po | út | st | čt | pá | ne | lunes | martes | miércoles |
    jueves | viernes | sábado | domingo | lunedì | martedì | mercoledì | giovedì | venerdì |
    sabato | domenica | maandag | dinsdag | woensdag | donderdag | vrijdag | zaterdag | zondag |
    segunda | terça | quarta | quinta | sexta |
";

/// What stands between dashes above a quoted or forwarded mail.
pub const SEPARATOR: &str = "
    original message | original appointment | original email | original e-mail |
    ursprungligt meddelande | originalmeddelande | ursprungligt mail | opprinnelig melding |
    original melding | oprindelig meddelelse | oprindelig besked | original meddelelse |
    alkuperäinen viesti | ursprüngliche nachricht | originalnachricht | original-nachricht |
    ursprüngliche mail | message d'origine | message original | message initial | mensaje original |
    messaggio originale | oorspronkelijk bericht | oryginalna wiadomość | wiadomość oryginalna |
    mensagem original | forwarded message | forwarded email | forwarded by | forwarded |
    vidarebefordrat meddelande | vidarebefordrat mail | vidarebefordrat brev | vidarebefordrat av |
    videresendt melding | videresendt meddelelse | videresendt besked | videresendt e-post |
    videresendt av | välitetty viesti | edelleenlähetetty viesti | weitergeleitete nachricht |
    weitergeleitet von | message transféré | message réexpédié | mensaje reenviado |
    messaggio inoltrato | doorgestuurd bericht | doorgezonden bericht | przekazana wiadomość |
    wiadomość przekazana dalej | mensagem encaminhada | reply message | inline attachment follows |
    исходное сообщение | пересылаемое сообщение | původní zpráva | přeposlaná zpráva |
    pôvodná správa | orijinal mesaj | iletilmiş ileti | eredeti üzenet | továbbított üzenet |
    mesaj original | 原始邮件 | 原始郵件 | 转发邮件 | 元のメッセージ | 転送されたメッセージ | 원본 메시지 |
";
/// Lines that open a forward without dashes.
pub const FORWARD_BEGINS: &str = "
    begin forwarded message | start of forwarded message | vidarebefordrat brev |
    vidarebefordrat meddelande | början på vidarebefordrat meddelande |
    start på vidarebefordrat meddelande | start på vidarebefordrat brev | videresendt melding |
    start på videresendt melding | start på videresendt besked | videresendt besked |
    anfang der weitergeleiteten nachricht | anfang der weitergeleiteten e-mail |
    beginn der weitergeleiteten nachricht | début du message transféré |
    début du message réexpédié | début du message réexpédié | inicio del mensaje reenviado |
    inizio messaggio inoltrato | begin doorgestuurd bericht | välitetty viesti alkaa |
    alkaa välitetty viesti | início da mensagem reencaminhada | początek przekazanej wiadomości |
";
/// The line of a helpdesk under which everything is its own mail.
pub const ABOVE_THIS_LINE: &str = "
    please type your reply above this line | type your reply above this line |
    reply above this line | please reply above this line | write your reply above this line |
    add your reply above this line | skriv ditt svar ovanför denna rad | svara ovanför denna rad |
    svara ovanför den här raden | skriv svaret ovanför denna rad |
    vänligen svara ovanför denna rad | svar over denne linje | svar over denne linjen |
    skriv dit svar over denne linje | skriv svaret ditt over denne linjen |
    bitte antworten sie oberhalb dieser zeile | antworten sie oberhalb dieser linie |
    bitte geben sie ihre antwort oberhalb dieser zeile ein | bitte antworten sie über dieser zeile |
    kirjoita vastauksesi tämän rivin yläpuolelle | vastaa tämän rivin yläpuolelle |
    répondez au-dessus de cette ligne | veuillez répondre au-dessus de cette ligne |
";

/// Beginnings of the lines that programs on telephones put under a mail.
pub const DEVICE: &str = "
    sent from | sent via | sent with | sent using | get outlook for | get bluemail for |
    skickat från | skickades från | skickat med | skickat via | skickad från | hämta outlook för |
    hämta outlook | skaffa outlook för | hanki outlook | lataa outlook | outlook for ios |
    outlook for android | von meinem | von meiner | gesendet von | gesendet mit | gesendet aus |
    versendet mit | diese nachricht wurde von meinem | outlook für ios | outlook für android |
    holen sie sich outlook | envoyé de | envoyé depuis | envoyé à partir de | envoyé avec |
    obtenir outlook | télécharger outlook | obtenez outlook | lähetetty | sendt fra | sendt via |
    sendt med | hent outlook | få outlook | last ned outlook | enviado desde | enviado do |
    enviado de | enviado a partir do | obtener outlook | obter o outlook | inviato da |
    scarica outlook | ottieni outlook | verzonden vanaf | verstuurd vanaf | verzonden met |
    download outlook | outlook voor ios | wysłane z | wysłano z | pobierz outlook | odoslané z |
    отправлено с | отправлено из | odesláno z | odoslané z | 从我的 | 发自我的 | iphoneから送信 |
";

/// Closings of a letter. Those that thank stand in [`THANKS`].
pub const CLOSING: &str = "
    med vänlig hälsning | med vänliga hälsningar | vänlig hälsning | vänliga hälsningar |
    vänligaste hälsningar | med vänligaste hälsningar | bästa hälsning | bästa hälsningar |
    med bästa hälsning | med bästa hälsningar | varma hälsningar | varm hälsning |
    många hälsningar | soliga hälsningar | hälsningar | hälsning | hälsar | mvh | m.v.h. | m.v.h |
    m v h | vh | v.h. | hlsn | vänligen | vänligt | allt gott | allt väl | ha det bra |
    ha det gott | ha det så bra | ha en bra dag | ha en fin dag | ha en trevlig dag | trevlig helg |
    trevlig dag | ha en trevlig helg | högaktningsfullt |
    med vennlig hilsen | vennlig hilsen | vennlige hilsener | med vennlige hilsener | beste hilsen |
    beste hilsener | med beste hilsen | mange hilsener | hilsen | hilsener | med hilsen |
    med venlig hilsen | venlig hilsen | med venlige hilsner | venlige hilsner | de bedste hilsner |
    bedste hilsner | bedste hilsen | mange hilsner | hilsner | kærlig hilsen | med helsing |
    beste helsing | vennleg helsing | med vennleg helsing | ha en god dag | ha en fin dag |
    god helg | god weekend | ha en god helg |
    ystävällisin terveisin | ystävällisesti | parhain terveisin | terveisin | terv. | yst. terv. |
    yst.terv. | yst terv | terkuin | kunnioittavasti | kunnioittaen | hyvää päivänjatkoa |
    hyvää viikonloppua | mukavaa päivänjatkoa | lämpimin terveisin |
    mit freundlichen grüßen | mit freundlichen grüssen | mit freundlichen gruessen |
    mit freundlichem gruß | mit freundlichem gruss | freundliche grüße | freundliche grüsse |
    freundlichen gruß | freundlichst | mit besten grüßen | mit besten grüssen | mit bestem gruß |
    besten gruß | beste grüße | beste grüsse | viele grüße | viele grüsse | viele gruesse |
    vielen gruß | liebe grüße | liebe grüsse | lieben gruß | mit lieben grüßen | schöne grüße |
    schönen gruß | herzliche grüße | herzliche grüsse | herzlichen gruß | sonnige grüße | grüße |
    grüsse | gruß | gruss | mfg | m.f.g. | lg | vg | bg | hochachtungsvoll | schönes wochenende |
    schönen tag noch |
    best regards | kind regards | warm regards | kindest regards | warmest regards |
    with kind regards | with best regards | with regards | with warm regards | regards |
    best wishes | with best wishes | all the best | all my best | sincerely | yours sincerely |
    sincerely yours | yours faithfully | yours truly | yours | respectfully | cordially | warmly |
    kindly | rgds | br | b.r. | kr | brgds | have a nice day | have a great day | have a good day |
    have a nice weekend | have a great weekend | have a good weekend |
    cordialement | bien cordialement | très cordialement | cdlt | cdt | salutations |
    sincères salutations | salutations distinguées | meilleures salutations | avec mes salutations |
    bien à vous | bien à toi | respectueusement | sincèrement | bonne journée |
    bonne fin de journée | bon week-end | bonne réception |
    saludos | saludos cordiales | un saludo | un cordial saludo | atentamente | cordialmente |
    cordiali saluti | distinti saluti | saluti | un saluto | buona giornata | un cordiale saluto |
    atenciosamente | cumprimentos | melhores cumprimentos | com os melhores cumprimentos |
    saudações | abraços | abraço |
    met vriendelijke groet | met vriendelijke groeten | vriendelijke groet | vriendelijke groeten |
    hartelijke groet | mvg | groet | groeten | groetjes | hoogachtend | pozdrawiam |
    pozdrawiam serdecznie | serdecznie pozdrawiam | z poważaniem | z pozdrowieniami |
    z wyrazami szacunku |
";
/// Closings that also say something: they stay in the text, only the name under them goes.
pub const THANKS: &str = "
    thanks | thank you | many thanks | thanks a lot | thanks so much | thank you so much |
    thank you very much | thanks in advance | thank you in advance | thanks again | thx | cheers |
    thanks and regards | thanks & regards | thanks and best regards | thanks and kind regards |
    many thanks and kind regards | best | best greetings | tack | tack tack | tack på förhand |
    tack så mycket | stort tack | tusen tack | tackar | tack för hjälpen | tack och hälsningar |
    tack och hej | tack, mvh | tack mvh | hej då | hej så länge | hörs | vi hörs | på återhörande |
    takk | på forhånd takk | tusen takk | mange takk | takk for hjelpen | takk på forhånd | tak |
    på forhånd tak | mange tak | tak for hjælpen | tak på forhånd | kiitos | kiitos etukäteen |
    kiitoksia | kiitos paljon | kiitos jo etukäteen | danke | vielen dank | vielen dank im voraus |
    besten dank | herzlichen dank | danke im voraus | danke und gruß | vielen dank und viele grüße |
    danke und viele grüße | besten dank im voraus | merci | merci d'avance | merci beaucoup |
    merci par avance | gracias | muchas gracias | gracias de antemano | grazie | grazie mille |
    bedankt | alvast bedankt | obrigado | obrigada | dziękuję | z góry dziękuję |
";

/// Beginnings of disclaimers that are enough by themselves.
pub const DISCLAIMER: &str = "
    disclaimer | confidentiality notice | confidentiality note | legal notice | legal disclaimer |
    privileged and confidential | confidential and privileged |
    if you are not the intended recipient | if you have received this email in error |
    if you have received this e-mail in error | if you have received this message in error |
    om du inte är rätt mottagare | om du inte är avsedd mottagare |
    om du har fått detta meddelande av misstag | om du av misstag har fått detta |
    please consider the environment | think before you print | tänk på miljön | tenk på miljøet |
    tænk på miljøet | ajattele ympäristöä | bitte denken sie an die umwelt |
    pensez à l'environnement | caution: this email originated | caution: external |
    caution: this message originated | external email | [external email] | [extern e-post] |
    [external] | [extern] | warning: this email originated | warning: external |
    this email originated from outside | this message originated from outside |
    you don't often get email from | you don't often get email | du får inte ofta e-post från |
    du får ikke ofte e-post fra | du modtager ikke ofte mails fra |
    sie erhalten nicht oft e-mails von | sie erhalten nicht häufig e-mails von |
    et saa usein sähköpostia | vous n'obtenez pas souvent d'e-mail | virus-free | virenfrei |
    virusfri | this email has been checked for viruses | this email has been scanned |
    this message has been scanned | detta e-postmeddelande har kontrollerats |
    diese e-mail wurde von avast | varning: detta e-postmeddelande kommer från |
    varning: detta meddelande kommer från | obs! detta mail kommer från en extern |
    obs! detta meddelande kommer från en extern | ei tarkoitettu | vertraulichkeitshinweis |
    haftungsausschluss | ansvarsfriskrivning | läs om hur vi behandlar personuppgifter |
    läs mer om hur vi behandlar personuppgifter | läs mer om hur vi behandlar dina personuppgifter |
    så behandlar vi personuppgifter | vi behandlar personuppgifter i enlighet med |
    for information on how we process personal data | read about how we process personal data |
    les om hvordan vi behandler personopplysninger | læs om hvordan vi behandler personoplysninger |
";
/// Beginnings that make a disclaimer together with one of [`CONFIDENTIAL`].
pub const DISCLAIMER_START: &str = "
    this e-mail | this email | this message | this mail | this communication | this transmission |
    the information | the content of this | the contents of this | information in this |
    confidential | privileged | notice | important | note | please note | detta meddelande |
    detta e-postmeddelande | detta mejl | detta mail | detta e-mail | denna e-post |
    denna information | det här meddelandet | informationen i detta | innehållet i detta |
    e-postmeddelandet | diese e-mail | diese mail | diese nachricht | diese email |
    dieses dokument | der inhalt dieser | die information | die in dieser | hinweis | ce message |
    ce courriel | ce mail | cet e-mail | cet email | les informations | tämä viesti |
    tämä sähköposti | tämä sähköpostiviesti | tämän viestin | denne e-post | denne e-posten |
    denne e-mail | denne mail | denne meldingen | denne melding | denne meddelelse | denne epost |
    innholdet i denne | indholdet i denne | este mensaje | este correo | esta mensagem |
    este email | questo messaggio | questa e-mail | dit bericht | deze e-mail | dit e-mailbericht |
    ta wiadomość | niniejsza wiadomość |
";
/// Parts of words, one of which stands early in a disclaimer.
pub const CONFIDENTIAL: &str = "
    confidential | privileged | intended for | intended only | intended solely |
    intended recipient | konfidentiell | sekretess | avsedd för | avsett för | avsedda mottagare |
    endast avsed | vertraulich | bestimmt | confidentiel | destiné | luottamuksell | tarkoitettu |
    konfidensiell | fortrolig | beregnet | tiltenkt | confidenciales | confidencial | riservat |
    vertrouwelijk | bestemd | poufn | scanned | virus | personal data | personuppgift |
    outside of the organi | outside your organi |
";

/// Labels that begin a line of an address block.
pub const CONTACT: &str = "
    tel | tel. | telefon | telephone | tfn | tlf | tlf. | phone | ph | mobil | mobile | mob | mob. |
    cell | handy | puh | puh. | puhelin | gsm | fax | direkt | direct | växel | office | e-post |
    epost | e-mail | email | mail | mailto | web | webb | website | hemsida | internet | skype |
    linkedin | org.nr | org nr | orgnr | organisationsnummer | vat | cvr | y-tunnus | ust-id |
    ust-idnr | hrb | amtsgericht | geschäftsführer | sitz | registergericht | siret | besöksadress |
    postadress | besøksadresse | adress | adresse | address | visiting address | osoite |
    anschrift | tél | tél. | téléphone | t | m | p | d | f | e | w | box | postboks |
";
/// Words that begin a postscript: what follows is text again.
pub const POSTSCRIPT: &str = "
    ps | p.s | p.s. | pps | nb | n.b. | obs | btw | edit | edited |
";
/// Words with which a sentence begins and a name or title does not.
pub const SENTENCE_START: &str = "
    i | we | you | it | the | this | that | there | they | is | are | can | could | would | please |
    when | what | why | how | if | and | but | also | my | our | not | no | yes | have | has | do |
    does | did | after | since | see | hi | hello | jag | vi | ni | du | det | den | detta | dessa |
    är | kan | kunde | skulle | har | när | vad | varför | hur | om | och | men | även | mitt |
    min | vår | vårt | inte | nej | ja | nu | sedan | se | hej | jeg | dere | dette | disse | er |
    når | hva | hvad | hvorfor | hvordan | ikke | nei | også | vår | mit | hei | ich | wir | sie |
    ihr | es | das | die | der | dies | diese | ist | sind | kann | können | könnten | bitte |
    wenn | wann | was | warum | wie | und | aber | auch | mein | unser | nicht | nein | je | nous |
    vous | il | elle | le | la | les | ce | est | sont | peut | pouvez | quand | pourquoi |
    comment | si | et | mais | aussi | non | oui | minä | me | te | se | tämä | on | ovat | voi |
    voitteko | onko | kun | miksi | miten | jos | ja | mutta | myös | ei | en | kyllä |
";

/// Greetings: a line that begins with one and goes on with a name says nothing.
pub const GREETING: &str = "
    hi | hello | hey | dear | good morning | good afternoon | good evening | good day | greetings |
    hej | hejsan | hallå | tjena | god morgon | god dag | goddag | god eftermiddag | godmorgon |
    bästa | kära | hei | heisann | hallo | kjære | kære | moi | terve | hyvää päivää |
    hyvää huomenta | huomenta | guten tag | guten morgen | sehr geehrte | sehr geehrter | liebe |
    lieber | servus | moin | grüß gott | bonjour | bonsoir | salut | cher | chère | hola |
    buenos días | buenas tardes | estimado | estimada | estimados | buongiorno | ciao | salve |
    gentile | beste | geachte | goedemorgen | goedemiddag | goedendag | dzień dobry | cześć |
    olá | bom dia | boa tarde | prezado | prezada |
";
/// Words that point to the text below, or hand it on.
pub const POINTER: &str = "
    below | beneath | underneath | fyi | fyr | fw | fwd | forward | forwarding | forwarded | forwards | nedan |
    nedanstående | härunder | nedenför | vidarebefordrar | vidarebefordrat | vidarebefordra |
    vidarebefordran | vidarebefordrad | vidare | skickar | kännedom | fk | nedenfor | nedenstående | nedenunder |
    herunder | videresender | videresendt | videresende | videresendes | orientering |
    orienterer | ks | alapuolella | allaoleva | oheinen | ohessa | välitän | välitetään |
    tiedoksi | edelleenlähetän | edelleen | unten | untenstehend | untenstehende |
    untenstehenden | unterhalb | nachstehend | nachstehende | weiterleiten | weiterleite |
    weitergeleitet | weiterleitung | zk | kenntnis | kenntnisnahme | zki | ci-dessous | dessous |
    ci-après | transfère | transférer | transfert | transmets | transmettre | info | abajo |
    reenvío | reenviado | sotto | inoltro | inoltrato | hieronder | onderstaand | onderstaande |
    doorgestuurd | poniżej | przesyłam | przekazuję | abaixo | encaminho | encaminhado | segue |
";
/// Words that ask for something without saying what.
pub const REQUEST: &str = "
    can | could | would | will | please | pls | plz | kindly | kan | kunde | skulle | kunna | vill | vänligen |
    snälla | gärna | kunne | vil | ville | vennligst | venligst | gjerne | gerne | voitteko |
    voisitteko | voitko | voisitko | voisiko | pyydän | könnt | können | könnten | könntet |
    kannst | kann | bitte | bitten | pouvez | pourriez | peux | pourrais | puede | pueden |
    podría | podrían | puoi | potete | potreste | può | kunt | kun | kunnen | graag | proszę |
    może | mogą | pode | podem | poderia | help | hjälp | hjelp | hjælp | apua | hilfe | aide | ayuda |
    aiuto | hulp | pomoc | ajuda |
";
/// Words that thank.
pub const THANK: &str = "
    thanks | thank | thx | tack | tackar | takk | takker | tak | takker | danke | dank | merci |
    remercie | kiitos | kiitoksia | kiitän | gracias | grazie | bedankt | obrigado | obrigada |
    dziękuję | tusen | tack
";
/// Words that say nothing by themselves, nor in any number.
pub const FILLER: &str = "
    a | an | the | and | or | of | to | from | in | on | at | for | with | by | about | as | this |
    that | these | those | it | its | it's | is | are | was | were | be | been | being | am | i |
    we | you | they | he | she | his | her | our | your | their | my | us | them | him | me | i'm |
    have | has | had | do | does | did | should | may | might | must | assist | assistance |
    helping | look | looking | see | check | take | into | handle | deal | respond | reply |
    answer | answering | get | back | asap | soon | mail | mails | email | emails | e-mail |
    message | messages | thread | conversation | ticket | case | question | request | query |
    customer | customer's | client | colleague | user | sender | following | earlier | previous | original |
    information | reminder | gentle | kind | any | news | again | also | here | there | team |
    all | everyone | everybody | madam | sir | sirs | best | regards | regarding | re | per |
    discussed | action | matter | who | support | desk | advance | so | much | very | what | think |
    know | let | received | got | just | one | another | same | more | over | out | up | if | possible | and |
    att | det | den | de | detta | denna | dessa | här | där | en | ett | och | eller | av | till |
    från | i | på | för | med | om | som | är | var | har | hade | ni | du | vi | jag | oss | er |
    mig | dig | dem | honom | henne | vår | vårt | våra | ert | era | hjälpa | titta | kolla | se |
    ta | hand | svara | återkomma | återkoppla | snarast | mejl | mejlet | mailet | meddelande |
    meddelandet | tråd | tråden | ärende | ärendet | fråga | frågan | förfrågan | kund | kunden |
    kundens | kollega | användare | avsändare | följande | tidigare | information | påminnelse |
    påminner | igen | också | även | alla | teamet | supporten | förhand | så | mycket | veta | vet |
    inkommit | kommit | fått | fick | bara | samma | mer | över | på | nedanför | återkom | hälsningar | hälsning |
    hunnit | nån | någon | något | nyheter | herewith | härmed | hermed | herved | hiermit | at | dette | denne | disse | her | der | et | eller | af | til | fra | med | som | er | har |
    hadde | havde | dere | jer | jeg | meg | mig | dem | vår | vores | deres | hjelpe | hjelpa |
    hjælpe | kikke | kigge | se | svare | snarest | e-post | e-posten | epost | melding |
    meldingen | besked | beskeden | sak | saken | sag | sagen | spørsmål | spørsmålet | spørgsmål |
    henvendelse | henvendelsen | kunde | kunden | kundens | kollega | bruker | bruger | tidligere | igjen | igen |
    også | alle | forhånd | hilsen | mottatt | modtaget | fått | tämä | tämän | tähän | tätä | tästä |
    se | sen | ja | tai | on | ovat | te | teidän | minä | me | meille | meidän | auttaa | katsoa | katsoisitteko |
    vastata | viesti | viestin | viestiä | sähköposti | asia | asian | kysymys | asiakas |
    asiakkaan | asiakkaalta | kollega | käyttäjä | aiempi | alkuperäinen | myös | kaikki |
    etukäteen | paljon | dies | diese | dieser | dieses | diesen | das | der | die | den | dem |
    ein | eine | einen | einem | einer | und | oder | von | vom | zu | zur | zum | für | mit | in |
    an | auf | bei | ist | sind | war | hat | haben | ihr | ihnen | euch | sie | wir | uns | ich |
    mir | mich | helfen | ansehen | anschauen | schauen | prüfen | beantworten | antworten |
    kümmern | nachricht | mail | anfrage | frage | fall | vorgang | kunde | kunden | kollege |
    kollegin | benutzer | siehe | s | u | z | k | b | t | folgende | folgenden | frühere |
    får | få | sort | sorted | fix | solve | resolve | advise | assist | deal | pick | forwards | directly | direct | urgently |
    quickly | today | need | needs | issue | our | ordning | fixa | lösa | löser | ordna | ordnar | reda | utreda |
    bistå | direkt | skyndsamt | idag | behöver | beröra | handlägga | handläggning | åtgärd | ordne | ordner | fikse |
    fikser | løse | løser | bistå | bistand | direkte | under | oppfølging | følge | følger | opp | op | snarlig |
    hoitaa | hoidatte | hoidatteko | hoidetaanko | ratkaista | selvittää | selvittäisittekö | suoraan | pikaisesti |
    asiaan | alla | alta | bearbeitung | bearbeiten | erledigung | erledigen | klärung | klären | lösen | übernehmen |
    übernahme | veranlassung | weiteren | weitere | direkt | zeitnah | dringend | kurz | schnell | ansehen |
    ursprüngliche | auch | alle | damen | herren | im | voraus | vielen | besten | mal | erhalten |
    ce | cet | cette | ces | le | la | les | un | une | et | ou | de | du | des | à | au | aux |
    pour | avec | est | sont | vous | nous | je | me | moi | notre | votre | aider | regarder |
    voir | voyez | répondre | traiter | message | courriel | demande | question | client | collègue |
    utilisateur | suivant | suivante | précédent | aussi | tous | d'avance | avance | vais | svp | s'il |
    plaît | el | los | las | una | y | o | del | en | por | para | con | es | este | esta | esto |
    ver | vea | mensaje | correo | cliente | consulta | il | lo | gli | e | di | da | per | con |
    questo | questa | vedi | vedere | messaggio | cliente | richiesta | het | een | en | van | voor |
    met | dit | deze | dat | is | zie | kijken | bericht | klant | vraag | helpen | antwoorden |
    vriendelijk | w | z | na | do | dla | to | wiadomość | klienta | klient | zobacz | pomóc |
    o | os | as | um | uma | mensagem | ver | veja | teil
";
