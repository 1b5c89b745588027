"""A merchant of the tests, and pushes as ECPay sends them."""

from emask.partners.ecpay.mac import MacKeys, signed
from emask.partners.ecpay.merchant import Merchant

MERCHANT = Merchant(
    merchant_id="3002607",
    keys=MacKeys("pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs"),
    cashier="https://cashier.test",
    vendor="https://vendor.test",
    call_seconds=0.5,
)
TRADE = "EM0123456789ABCDEF01"

PAID = {
    "MerchantID": "3002607",
    "MerchantTradeNo": TRADE,
    "StoreID": "",
    "RtnCode": "1",
    "RtnMsg": "交易成功",
    "TradeNo": "2003191030001234",
    "TradeAmt": "22",
    "PaymentDate": "2020/03/19 10:31:05",
    "PaymentType": "WebATM_BOT",
    "PaymentTypeChargeFee": "10",
    "TradeDate": "2020/03/19 10:30:00",
    "PlatformID": "",
    "SimulatePaid": "0",
    "CustomField1": "",
}
ISSUED = {
    "MerchantID": "3002607",
    "MerchantTradeNo": TRADE,
    "StoreID": "",
    "RtnCode": "2",
    "RtnMsg": "Get VirtualAccount Succeeded",
    "TradeNo": "2003191030001234",
    "TradeAmt": "22",
    "PaymentType": "ATM_BOT",
    "TradeDate": "2020/03/19 10:30:00",
    "BankCode": "004",
    "vAccount": "9103522175887271",
    "ExpireDate": "2020/03/21",
}


def sent(fields: dict[str, str], **changed: str) -> dict[str, str]:
    """The fields, some of them changed before they were signed."""
    return signed(fields | changed, MERCHANT.keys)
