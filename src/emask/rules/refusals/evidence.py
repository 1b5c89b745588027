"""Refusals of evidence itself: altered, too old, made for another site, not proven (A1-A15)."""

from emask.rules.refusals.base import IdentityRefusal


class EvidenceAltered(IdentityRefusal):
    """The evidence does not carry the seal that it was given."""

    code, status = "evidence_altered", 403
    zh = "認證資料要原樣送達。\n這次的認證資料在途中變動過，或不是由本網站發起。"
    en = (
        "Proof of identity has to arrive as it was made.\n"
        "This one was altered on its way, or was not asked for by this site."
    )
    next_zh = "從登入頁重新開始，或改用另一種認證方式。"
    next_en = "Start again from the sign-in page, or use another way."


class EvidenceExpired(IdentityRefusal):
    """A challenge, a token or a permit is good for minutes."""

    code, status = "evidence_expired", 410
    zh = "每次認證要在幾分鐘內完成。\n這次的認證已逾時。"
    en = "Each proof of identity has to be finished within minutes.\nThis one took too long."
    next_zh = "從登入頁重新開始，備妥卡片或手機後再按下一步。"
    next_en = "Start again from the sign-in page with your card or phone at hand."


class EvidenceForeignOrigin(IdentityRefusal):
    """The evidence names another site than this one."""

    code, status = "evidence_foreign_origin", 403
    zh = "認證要在本網站進行。\n這次的認證資料是給另一個網站的。"
    en = "Prove who you are on this site.\nThis proof was made for another site."
    next_zh = "確認網址列上的網址後，從本網站的登入頁重新開始。"
    next_en = "Check the address in your browser and start again from this site's sign-in page."


class EvidenceCrossOrigin(IdentityRefusal):
    """The phone was unlocked inside a page of another site."""

    code, status = "evidence_cross_origin", 403
    zh = "螢幕解鎖要在本網站自己的頁面進行。\n這次的頁面嵌在另一個網站裡。"
    en = "Unlock your phone on a page of this site.\nThat page was framed by another site."
    next_zh = "在瀏覽器另開本網站，從登入頁重新開始。"
    next_en = "Open this site by itself and start again from the sign-in page."


class CardMalformed(IdentityRefusal):
    """What the reader read has not the form of an NHI card's basic data."""

    code, status = "card_malformed", 422
    zh = "健保卡的資料要完整讀出。\n這次讀到的資料不完整，或不是健保卡。"
    en = (
        "The NHI card's data has to be read completely.\n"
        "What was read is incomplete, or is not from an NHI card."
    )
    next_zh = "擦拭卡片晶片，重新插入健保卡後再試，或改用另一種認證方式。"
    next_en = "Wipe the card's chip, insert the card again and retry, or use another way."


class RevocationUnknown(IdentityRefusal):
    """Neither revocation list nor OCSP answers: then a certificate is not accepted."""

    code, status = "revocation_unknown", 503
    zh = "登入前要查詢憑證是否廢止。\n目前查不到這張憑證的狀態。"
    en = (
        "Before signing in we ask whether the certificate was revoked.\n"
        "There is no answer about this certificate at the moment."
    )
    next_zh = "幾分鐘後再試，或改用健保卡、本人手機門號。"
    next_en = "Try again in a few minutes, or use your NHI card or your own mobile number."


class LineUnproven(IdentityRefusal):
    """The operator's answer leaves open what has to be certain."""

    code, status = "line_unproven", 403
    zh = "電信業者要能確認門號是本人的月租型門號。\n業者沒有足夠的資料可以確認。"
    en = (
        "The operator has to confirm that the number is yours and on a monthly plan.\n"
        "It has not enough on record to do so."
    )
    next_zh = "用電腦以健保卡註冊後輸入裝置碼，或攜帶證件到健保署服務據點。"
    next_en = (
        "Register your NHI card on a computer and enter a device code, or go to an NHI office."
    )


class OperatorUnreachable(IdentityRefusal):
    """The operator does not answer, or not in the agreed form."""

    code, status = "operator_unreachable", 503
    zh = "手機門號認證要由電信業者確認。\n目前連不上電信業者。"
    en = "The operator confirms mobile numbers.\nThe operator cannot be reached at the moment."
    next_zh = "幾分鐘後再試，或用電腦以健保卡註冊後輸入裝置碼。"
    next_en = "Try again in a few minutes, or register your NHI card and enter a device code."


class PasskeySynced(IdentityRefusal):
    """A12, A13: the unlock stands for one handset, so it may not travel to others."""

    code, status = "passkey_synced", 403
    zh = "螢幕解鎖要只存在這支手機裡。\n這次的通行密鑰會同步到其他裝置。"
    en = (
        "The unlock has to stay on this phone.\nThis passkey would be copied to your other devices."
    )
    next_zh = "改選存在這支手機的通行密鑰，或用電腦以健保卡登入。"
    next_en = "Choose to save the passkey on this phone only, or sign in with your NHI card."
