"""Bodies as Jimeng's web site sends them."""


def answer(data, ret="0"):
    return {"ret": ret, "errmsg": "words of the vendor", "systime": "1750000100", "logid": "log-1", "data": data}


def refusal(ret):
    return {"ret": ret, "errmsg": "words of the vendor", "systime": "1750000100", "logid": "log-1"}
