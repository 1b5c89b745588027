"""Refusals on the way in: card, certificate, mobile line, device code (A1-A15)."""

from dataclasses import dataclass
from datetime import datetime

from emask.rules.refusals.base import IdentityRefusal, Refusal


class NotRegistered(IdentityRefusal):
    """A1.1, A14: the card has to be registered on the web first."""

    code, status = "not_registered", 403
    zh = "登入前要先完成健保卡網路服務註冊。\n這張健保卡還沒有註冊。"
    en = "Register your NHI card on the web before signing in.\nThis card is not registered yet."
    next_zh = "備妥健保卡、讀卡機與戶口名簿後註冊，或改用本人手機門號認證。"
    next_en = (
        "Register with your NHI card, a card reader and your household number, "
        "or use your own mobile number."
    )


class CardUnknown(IdentityRefusal):
    """The registry does not know the card, at sign-in, at a counter or at an NHI office."""

    code, status = "card_unknown", 403
    zh = "健保卡要在健保資料中。\n查不到這張健保卡。"
    en = "The NHI card has to be on record.\nThis card was not found."
    next_zh = "核對健保卡正面左下角的 12 碼數字，或攜帶健保卡與身分證明到健保署服務據點。"
    next_en = (
        "Check the 12 digits at the lower left of the card, "
        "or take the card and proof of identity to an NHI office."
    )


class CardInactive(IdentityRefusal):
    """The card was replaced or reported lost; asked at sign-in and at counters."""

    code, status = "card_inactive", 403
    zh = "健保卡要在使用中。\n這張健保卡已停用或已換發新卡。"
    en = "The NHI card has to be in use.\nThis card was replaced or reported lost."
    next_zh = "改用新的健保卡；網路認證也可以用自然人憑證或本人手機門號。"
    next_en = (
        "Use the new card; online, a citizen certificate or a mobile number of your own "
        "will do as well."
    )


class WrongPassword(IdentityRefusal):
    """A2, A3: a new password comes from authenticating again."""

    code, status = "wrong_password", 403
    zh = "健保卡登入要輸入註冊時設定的密碼。\n密碼與註冊時設定的不同。"
    en = "Signing in by card needs the password set at registration.\nThe password is different."
    next_zh = "再輸入一次；忘記密碼時，以任一方式重新認證後設定新密碼。"
    next_en = "Try again; if you forgot it, authenticate again by any way and set a new password."


@dataclass(kw_only=True, eq=False)
class LockedOut(IdentityRefusal):
    """Too many failures in a row: passwords, device codes, pick-up numbers."""

    code, status = "locked_out", 429
    zh = "連續多次不符時，會暫停一段時間。\n目前暫停中。\n{until}起可以再試。"
    en = (
        "After several entries in a row that do not fit there is a pause.\n"
        "It is not over yet.\nYou can try again from {until}."
    )
    next_zh = "到時再試；認證身分也可以改用另一種方式。"
    next_en = "Try again then; to prove who you are, another way will do as well."
    until: datetime | None = None


class WrongPin(IdentityRefusal):
    """The certificate card refused its PIN."""

    code, status = "wrong_pin", 403
    zh = "自然人憑證要輸入正確的 PIN 碼。\nPIN 碼與憑證不符，連續三次不符會鎖卡。"
    en = (
        "Your citizen certificate needs its PIN.\n"
        "The PIN does not fit; three failures in a row lock the card."
    )
    next_zh = "確認 PIN 碼後再試，或改用健保卡。"
    next_en = "Make sure of the PIN and try again, or use your NHI card."


class PinLocked(IdentityRefusal):
    """The certificate card has locked itself."""

    code, status = "pin_locked", 423
    zh = "自然人憑證連續輸入錯誤 PIN 碼會鎖卡。\n這張憑證已鎖卡。"
    en = "A citizen certificate locks after wrong PINs in a row.\nThis one is locked."
    next_zh = "到戶政事務所或憑證網站解鎖，或改用健保卡、本人手機門號。"
    next_en = "Unlock it at a household registration office, or use your NHI card or mobile number."


class CertificateInvalid(IdentityRefusal):
    """The signature does not verify."""

    code, status = "certificate_invalid", 403
    zh = "憑證簽章要能驗證。\n這次的簽章驗證不符。"
    en = "The certificate's signature has to verify.\nThis signature does not."
    next_zh = "取出憑證重新插入後再試，或改用健保卡。"
    next_en = "Take the card out, insert it again and retry, or use your NHI card."


class CertificateExpired(IdentityRefusal):
    """The certificate has run out."""

    code, status = "certificate_expired", 403
    zh = "自然人憑證要在有效期限內。\n這張憑證已過期。"
    en = "Your citizen certificate has to be in date.\nThis one has expired."
    next_zh = "辦理憑證展期，或改用健保卡、本人手機門號。"
    next_en = "Renew the certificate, or use your NHI card or your own mobile number."


class CertificateUntrusted(IdentityRefusal):
    """Issued by an authority that is not accepted."""

    code, status = "certificate_untrusted", 403
    zh = "憑證要由內政部憑證管理中心簽發。\n這張憑證由其他單位簽發。"
    en = (
        "Certificates have to come from the interior ministry's authority.\n"
        "This one comes from another."
    )
    next_zh = "改插自然人憑證，或改用健保卡。"
    next_en = "Insert your citizen certificate, or use your NHI card."


class CertificateRevoked(IdentityRefusal):
    """On the revocation list, or reported revoked."""

    code, status = "certificate_revoked", 403
    zh = "自然人憑證要在使用中。\n這張憑證已廢止。"
    en = "Your citizen certificate has to be in use.\nThis one was revoked."
    next_zh = "改用新的憑證，或改用健保卡、本人手機門號。"
    next_en = "Use your new certificate, your NHI card or your own mobile number."


class CertificateNotBound(IdentityRefusal):
    """The certificate's serial number belongs to nobody, or to somebody else."""

    code, status = "certificate_not_bound", 403
    zh = "自然人憑證要與本人的身分證字號相符。\n這張憑證與輸入的身分證字號不符，或還沒有登錄。"
    en = (
        "A citizen certificate has to belong to the ID number.\n"
        "This one does not fit it or is not on record."
    )
    next_zh = "確認身分證字號，或改用健保卡。"
    next_en = "Check the ID number, or use your NHI card."


class EvidenceReplayed(IdentityRefusal):
    """A challenge is answered once."""

    code, status = "evidence_replayed", 409
    zh = "每次認證只能使用一次。\n這次的認證資料已經用過或已逾時。"
    en = "Each proof of identity is good for one use.\nThis one was used before or is too old."
    next_zh = "從登入頁重新開始，或改用另一種認證方式。"
    next_en = "Start again from the sign-in page, or use another way."


class NationalsOnly(IdentityRefusal):
    """A5: fast mobile authentication is for nationals."""

    code, status = "nationals_only", 403
    zh = "手機門號認證與自然人憑證限本國籍人士使用。\n輸入的是居留證號碼。"
    en = (
        "Mobile numbers and citizen certificates are ways for nationals.\n"
        "You entered a residence permit number."
    )
    next_zh = "用電腦以健保卡註冊後取得裝置碼綁定手機，或攜帶健保卡與居留證到健保署服務據點。"
    next_en = (
        "Register your NHI card on a computer and bind your phone with a device code, "
        "or take your NHI card and residence permit to an NHI office."
    )


class NotOwnNumber(IdentityRefusal):
    """A2, A13: number and handset have to be the person's own."""

    code, status = "not_own_number", 403
    zh = "手機門號認證要用本人名下的門號與手機。\n這個門號或這支手機不是本人的。"
    en = (
        "Mobile authentication needs a number and a phone of your own.\n"
        "This number or this phone is not yours."
    )
    next_zh = "改用本人的門號與手機，或用電腦以健保卡註冊後輸入裝置碼。"
    next_en = "Use your own number and phone, or register your NHI card and enter a device code."


class PrepaidLine(IdentityRefusal):
    """A4: prepaid lines cannot be used."""

    code, status = "prepaid_line", 403
    zh = "手機門號認證要用月租型門號。\n這個門號是預付卡。"
    en = "Mobile authentication needs a monthly plan.\nThis number is prepaid."
    next_zh = "用電腦以健保卡註冊後輸入裝置碼，或攜帶證件到健保署服務據點。"
    next_en = (
        "Register your NHI card on a computer and enter a device code, or go to an NHI office."
    )


class CompanyLine(IdentityRefusal):
    """A4, A8: company lines cannot be used."""

    code, status = "company_line", 403
    zh = "手機門號認證要用本人名下的門號。\n這個門號是公司門號。"
    en = "Mobile authentication needs a number in your own name.\nThis is a company's number."
    next_zh = "用電腦以健保卡註冊後輸入裝置碼，或攜帶證件到健保署服務據點。"
    next_en = (
        "Register your NHI card on a computer and enter a device code, or go to an NHI office."
    )


class NotOnMobileNetwork(IdentityRefusal):
    """A2, A10: Wi-Fi off, 4G on."""

    code, status = "not_on_mobile_network", 403
    zh = "手機門號認證要經由 4G 行動網路。\n這次連線不是經由本人門號的行動網路。"
    en = (
        "Mobile authentication goes over the 4G network.\n"
        "This connection did not come over your own mobile data."
    )
    next_zh = "關閉 Wi-Fi、開啟 4G 後再試，或用電腦以健保卡註冊後輸入裝置碼。"
    next_en = "Turn Wi-Fi off and 4G on and try again, or use your NHI card and a device code."


class LineUnknown(IdentityRefusal):
    """A4: reported lost, or ended."""

    code, status = "line_unknown", 403
    zh = "手機門號認證要用使用中的門號。\n電信業者查不到這個門號，可能已掛失或退租。"
    en = (
        "Mobile authentication needs a line in service.\n"
        "The operator does not know this number; it may be reported lost or ended."
    )
    next_zh = "確認門號，或用電腦以健保卡註冊後輸入裝置碼。"
    next_en = "Check the number, or register your NHI card on a computer and enter a device code."


class UnlockFailed(IdentityRefusal):
    """A12: the phone's own unlock is asked for; no code is ever sent."""

    code, status = "unlock_failed", 403
    zh = "認證時要解鎖手機螢幕，過程中不會寄送驗證碼。\n這次沒有完成螢幕解鎖。"
    en = (
        "Unlock your phone's screen as usual; no code is ever sent.\n"
        "The screen was not unlocked this time."
    )
    next_zh = "再試一次，依平常習慣以密碼、指紋或圖形解鎖，或改用健保卡。"
    next_en = "Try again and unlock as you usually do, or use your NHI card."


class DeviceCodeWrong(IdentityRefusal):
    """A14: the code shown on the computer."""

    code, status = "device_code_wrong", 403
    zh = "裝置碼要與電腦畫面上的相同，而且只能用一次。\n輸入的裝置碼不符。"
    en = (
        "The device code has to match the computer's screen and works once.\n"
        "The code that was entered does not match."
    )
    next_zh = "對照電腦畫面再輸入，或掃描 QR code，或重新產生裝置碼。"
    next_en = "Compare it with the screen, scan the QR code, or make a new device code."


class DeviceCodeExpired(IdentityRefusal):
    """A14: the code lives for minutes."""

    code, status = "device_code_expired", 410
    zh = "裝置碼只在幾分鐘內可用。\n這組裝置碼已逾時。"
    en = "A device code works for a few minutes.\nThis one has run out."
    next_zh = "回到電腦重新產生裝置碼，或到健保署服務據點綁定手機。"
    next_en = "Make a new device code on the computer, or bind your phone at an NHI office."


class DeviceNotBound(IdentityRefusal):
    """A1.1, A14: a phone signs in the person that it was bound to."""

    code, status = "device_not_bound", 403
    zh = "手機要先完成綁定，才能以螢幕解鎖登入。\n這支手機還沒有綁定。"
    en = "A phone has to be bound before its unlock signs you in.\nThis phone is not bound yet."
    next_zh = "以本人手機門號認證，或用電腦以健保卡註冊後輸入裝置碼。"
    next_en = "Use your own mobile number, or register your NHI card and enter a device code."


class ComputerOnly(IdentityRefusal):
    """A14: step 1 is on a computer."""

    code, status = "computer_only", 403
    zh = "裝置碼要在電腦上產生。\n這次登入不是在電腦上。"
    en = "Device codes are made on a computer.\nYou are not signed in on a computer."
    next_zh = "在電腦上以健保卡登入後產生裝置碼，或到健保署服務據點綁定手機。"
    next_en = "Sign in with your NHI card on a computer, or bind your phone at an NHI office."


@dataclass(kw_only=True, eq=False)
class DocumentsMissing(Refusal):
    """A1.1-3, A7: what an NHI office has to see."""

    code, status = "documents_missing", 422
    zh = "臨櫃辦理要查驗證件。\n還要出示：{missing}。"
    en = "An NHI office checks your documents.\nStill to be shown: {missing}."
    next_zh = "備妥證件再辦理；戶口名簿得由承辦人員註明原因免驗。"
    next_en = "Bring the documents; an officer may waive the household certificate with a reason."
    missing: tuple[str, ...] | None = None
