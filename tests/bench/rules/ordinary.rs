//! Mail as it mostly comes: a long header, a short request, a signature, and the thread below it.
//!
//! The request is a case's; all else is the same in every mail, in Swedish or English.

/// What three servers and a mail program write above a mail.
const HEADER: &str = "Return-Path: <kim.lindqvist@kund.example>\r\n\
    Delivered-To: support@partner.example\r\n\
    Received: from mx.partner.example ([192.0.2.5])\r\n\
    \tby imap.partner.example with LMTP id qL0hKfD3pWmXAwAA1cXSkw\r\n\
    \tfor <support@partner.example>; Mon, 2 Mar 2026 09:00:03 +0100\r\n\
    Received: from mail-a.kund.example (mail-a.kund.example [192.0.2.17])\r\n\
    \tby mx.partner.example (Postfix) with ESMTPS id 4XyZ1a2b3cz9\r\n\
    \t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n\
    \tfor <support@partner.example>; Mon, 2 Mar 2026 09:00:02 +0100 (CET)\r\n\
    Authentication-Results: mx.partner.example; dkim=pass header.d=kund.example;\r\n\
    \tspf=pass smtp.mailfrom=kund.example; dmarc=pass header.from=kund.example\r\n\
    DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=kund.example; s=s1;\r\n\
    \th=from:to:subject:date:message-id:mime-version:content-type;\r\n\
    \tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\
    \tb=Zm9yIG1lYXN1cmluZyBvbmx5Zm9yIG1lYXN1cmluZyBvbmx5Zm9yIG1lYXN1cmluZyBvbmx5\r\n\
    \t Zm9yIG1lYXN1cmluZyBvbmx5Zm9yIG1lYXN1cmluZyBvbmx5Zm9yIG1lYXN1cmluZyBvbmx5\r\n\
    Received: from pc-17.kund.example ([198.51.100.17]) by mail-a.kund.example\r\n\
    \twith ESMTPSA id u12sm4711; Mon, 2 Mar 2026 09:00:01 +0100\r\n\
    From: Kim Lindqvist <kim.lindqvist@kund.example>\r\n\
    To: Support <support@partner.example>\r\nDate: Mon, 2 Mar 2026 09:00:00 +0100\r\n\
    Message-ID: <20260302090000.4711@kund.example>\r\n\
    In-Reply-To: <20260227141500.0815@partner.example>\r\n\
    References: <20260227103000.4710@kund.example> <20260227141500.0815@partner.example>\r\n\
    MIME-Version: 1.0\r\nContent-Language: sv-SE\r\n\
    X-Mailer: Apple Mail (2.3774.300.61.1.2)\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";

const SWEDISH: &str = "\
Med vänliga hälsningar
Kim Lindqvist
Verksamhetsansvarig

Kund & Söner AB
Storgatan 4, 123 45 Storstaden
Tel. 08-555 010 20
www.kund.example

27 feb. 2026 kl. 14:15 skrev Support <support@partner.example>:

> Hej Kim,
>
> Tack för samtalet i förmiddags. Som vi sa har jag pratat med min kollega som var hos er i
> höstas, och vi tror båda att det enklaste är att ni börjar med en av grupperna och ser hur det
> går innan alla andra kommer med. Det brukar ta en eller två veckor innan folk har vant sig, och
> under den tiden är det bra om någon av er finns på plats på förmiddagarna.
>
> Jag har bifogat en bild över hur vi tänkte oss det hela. Hör gärna av dig om något är oklart, så
> bokar vi en tid nästa vecka. Torsdag efter lunch passar oss bäst, men vi kan säkert ordna något
> annat om det inte fungerar för er.
>
> Med vänlig hälsning
> Alva Ström
> Partner AB
>
> 27 feb. 2026 kl. 10:30 skrev Kim Lindqvist <kim.lindqvist@kund.example>:
>
>> Hej Alva!
>>
>> Jo, vi har talat om saken här hemma och är nog överens om att vi vill komma i gång före
>> sommaren. Två av oss är lediga vecka nio, så det får bli efter det. Kan du höra med din kollega
>> vad hon tror? Det var hon som gick igenom allt med oss förra gången, och hon vet hur vi har det
>> med lokalerna och med de två nya på lagret.
>>
>> Sedan undrade Pelle om det finns något att läsa på svenska som man kan dela ut till dem som inte
>> var med då. Annars skriver vi ihop något själva.
>>
>> Kim
";

const ENGLISH: &str = "\
Kind regards,
Kim Lindqvist
Head of Operations

Customer & Sons Ltd
4 High Street, Largetown
Phone +46 8 555 010 20
www.kund.example

On 27 Feb 2026, at 14:15, Support <support@partner.example> wrote:

> Hi Kim,
>
> Thank you for the call this morning. As we said, I have talked to my colleague who was with you
> in the autumn, and we both think that the easiest way is to begin with one of the groups and see
> how it goes before all the others join in. It usually takes a week or two until people are used
> to it, and during that time it is good when one of you is there in the mornings.
>
> I have put in a picture of how we had thought of the whole thing. Do tell me when anything is
> unclear, and we will find a time next week. Thursday after lunch suits us best, but we can surely
> find something else if that does not suit you.
>
> Best regards
> Alva Ström
> Partner AB
>
> On 27 Feb 2026, at 10:30, Kim Lindqvist <kim.lindqvist@kund.example> wrote:
>
>> Hi Alva!
>>
>> Yes, we have talked about it here and I think we agree that we want to begin before the summer.
>> Two of us are away in week nine, so it will have to be after that. Could you ask your colleague
>> what she thinks? It was she who went through everything with us the last time, and she knows
>> how things are here, with the rooms and the two new ones in the warehouse.
>>
>> Then Pelle wondered whether there is something to read that one could hand out to those who
>> were not there. If not we will write something ourselves.
>>
>> Kim
";

/// The `n`th mail, with this request: cut to `bytes` bytes, at the end of the thread.
pub fn mail(n: usize, subject: &str, request: &str, bytes: usize) -> Vec<u8> {
    let below = if n.is_multiple_of(2) {
        SWEDISH
    } else {
        ENGLISH
    };
    let mut mail = format!("{HEADER}Subject: {subject}\r\n\r\n");
    for line in request.lines().chain([""]).chain(below.lines()) {
        mail.push_str(line);
        mail.push_str("\r\n");
    }
    mail.truncate(mail.floor_char_boundary(bytes));
    mail.into_bytes()
}
