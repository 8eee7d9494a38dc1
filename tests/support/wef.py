"""A Windows computer that forwards its events, as [MS-WSMV] says it speaks: SOAP in UTF-16, packed by SLDC, HTTPS."""
import http.client
import re
import ssl
import struct
import uuid
from xml.etree import ElementTree
from xml.sax.saxutils import escape

SPACES = {"s": "http://www.w3.org/2003/05/soap-envelope", "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
          "e": "http://schemas.xmlsoap.org/ws/2004/08/eventing",
          "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
          "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
          "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
          "m": "http://schemas.microsoft.com/wbem/wsman/1/subscription",
          "auth": "http://schemas.microsoft.com/wbem/wsman/1/authentication"}
MANAGER = "/wsman/SubscriptionManager/WEC"
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman/"
ENUMERATE = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate"
END = "http://schemas.microsoft.com/wbem/wsman/1/wsman/End"
SUBSCRIPTION_END = "http://schemas.xmlsoap.org/ws/2004/08/eventing/SubscriptionEnd"


def sldc(data):
    """Packed as ECMA-321 says, one record, with the size behind it as Windows writes it."""
    bits, at = ["1111111110101"], 0  # reset 1
    while at < len(data):
        start = max(0, at - 1024)
        found = data.rfind(data[at:at + 4], start, at + 3) if at + 4 <= len(data) else -1
        if found < 0:
            bits.append(f"0{data[at]:08b}")
            at += 1
            continue
        n = 4
        while n < 271 and at + n < len(data) and data[found + n] == data[at + n]:
            n += 1
        count = (f"10{n - 4:02b}" if n < 8 else f"110{n - 8:03b}" if n < 16 else
                 f"1110{n - 16:04b}" if n < 32 else f"1111{n - 32:08b}")
        bits.append(f"1{count}{found % 1024:010b}")
        at += n
    stream = "".join(bits) + "1111111110100"  # the end of the record
    stream += "0" * (-len(stream) % 16)
    return int(stream, 2).to_bytes(len(stream) // 8, "big") + struct.pack("<I", len(data))


def envelope(action, to, machine, headers="", body=""):
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items() if prefix in "saenwp")
    return (f'<s:Envelope {names}><s:Header><a:To>{escape(to)}</a:To>'
            f'<m:MachineID xmlns:m="http://schemas.microsoft.com/wbem/wsman/1/machineid" s:mustUnderstand="false">'
            f'{machine}</m:MachineID><a:ReplyTo><a:Address s:mustUnderstand="true">{ANONYMOUS}</a:Address></a:ReplyTo>'
            f'<a:Action s:mustUnderstand="true">{action}</a:Action>'
            f'<w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>'
            f'<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>'
            f'<w:Locale xml:lang="en-US" s:mustUnderstand="false" />'
            f'<p:OperationID s:mustUnderstand="false">uuid:{str(uuid.uuid4()).upper()}</p:OperationID>'
            f'<p:SequenceId s:mustUnderstand="false">1</p:SequenceId>'
            f'<w:OperationTimeout>PT60.000S</w:OperationTimeout>{headers}</s:Header><s:Body>{body}</s:Body></s:Envelope>')


def event(number, computer, rendered=True):
    """A failed sign-in, its address and user by its number."""
    rendering = ("<RenderingInfo Culture='en-US'><Message>An account failed to log on.\r\n\r\nSubject:</Message>"
                 "<Level>Information</Level><Task>Logon</Task><Channel>Security</Channel>"
                 "<Keywords><Keyword>Audit Failure</Keyword></Keywords></RenderingInfo>") if rendered else ""
    return ("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
            "<Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-A5BA-3E3B0328C30D}'/>"
            "<EventID>4625</EventID><Version>0</Version><Level>0</Level><Task>12544</Task><Opcode>0</Opcode>"
            "<Keywords>0x8010000000000000</Keywords><TimeCreated SystemTime='2026-07-01T02:03:04.5678901Z'/>"
            f"<EventRecordID>{number}</EventRecordID><Correlation/><Execution ProcessID='588' ThreadID='652'/>"
            f"<Channel>Security</Channel><Computer>{computer}</Computer><Security/></System><EventData>"
            "<Data Name='SubjectUserSid'>S-1-0-0</Data><Data Name='SubjectUserName'>-</Data>"
            f"<Data Name='TargetUserName'>Nguyễn {number} &amp; con</Data><Data Name='TargetDomainName'>XA</Data>"
            "<Data Name='Status'>0xc000006d</Data><Data Name='SubStatus'>0xc000006a</Data>"
            "<Data Name='LogonType'>3</Data><Data Name='IpAddress'>192.0.2.9</Data><Data Name='IpPort'>50000</Data>"
            f"</EventData>{rendering}</Event>")


def bookmark(number):
    return f'<BookmarkList><Bookmark Channel="Security" RecordId="{number}" IsCurrent="true"/></BookmarkList>'


class Answer:
    def __init__(self, response):
        self.status, body = response.status, response.read()
        self.body = ElementTree.fromstring(body.decode("utf-16")) if body.startswith(b"\xff\xfe") else None
        self.raw = body

    def text(self, path):
        return self.body.findtext(f".//{path}", namespaces=SPACES)

    @property
    def action(self):
        return self.text("a:Action")

    @property
    def fault(self):
        return [value.text for value in self.body.findall(".//s:Fault//s:Value", SPACES)]


class Subscription:
    """What the collector asks for, as it stands in an enumeration."""

    def __init__(self, element):
        find = lambda path: element.findtext(f".//{path}", namespaces=SPACES)
        self.version = find("m:Version")
        self.address = find("e:NotifyTo/a:Address")
        self.identifier = find("e:NotifyTo//e:Identifier")
        self.issuer = find("auth:Thumbprint")
        self.options = {option.get("Name"): option.text for option in element.findall(".//w:Option", SPACES)}
        self.heartbeat = find("w:Heartbeats")
        self.selects = [select.text for select in element.iter("Select")]
        mark = element.find(".//w:Bookmark", SPACES)
        self.bookmark = None if mark is None else "".join(
            [mark.text or ""] + [ElementTree.tostring(child, "unicode") for child in mark])

    @property
    def record(self):
        """Up to which record it was delivered; None = from now on."""
        found = re.search(r'RecordId="(\d+)"', self.bookmark or "")
        return int(found.group(1)) if found else None

    @property
    def path(self):
        return "/" + self.address.split("/", 3)[3]


class Computer:
    def __init__(self, port, authority, certificate, name="pc1.xa.example"):
        self.port, self.name = port, name
        self.context = ssl.create_default_context(cafile=authority)
        if certificate:
            self.context.load_cert_chain(*certificate)
        self.connection, self.patience = None, 60

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def send(self, path, body, packed=False, **headers):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection("localhost", self.port, timeout=self.patience, context=self.context)
        headers = {"Content-Type": "application/soap+xml;charset=UTF-16", "User-Agent": "Microsoft WinRM Client",
                   "Authorization": WSMAN + "secprofile/https/mutual", "Connection": "Keep-Alive", **headers}
        if packed:
            headers["Content-Encoding"] = "SLDC"
        try:
            self.connection.request("POST", path, body, headers)
            return Answer(self.connection.getresponse())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def say(self, path, text, packed=True):
        wide = b"\xff\xfe" + text.encode("utf-16-le")
        return self.send(path, sldc(wide) if packed else wide, packed)

    def enumerate(self):
        body = "<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements></n:Enumerate>"
        answer = self.say(MANAGER, envelope(ENUMERATE, f"https://localhost:{self.port}{MANAGER}", self.name, "", body), False)
        assert answer.status == 200 and answer.action == ENUMERATE + "Response"
        found = [Subscription(element) for element in answer.body.iter("{%s}Subscription" % SPACES["m"])]
        return {subscription.options["SubscriptionName"]: subscription for subscription in found}

    def deliver(self, subscription, numbers, rendered=True):
        events = "".join(f'<w:Event Action="{WSMAN}Event"><![CDATA[{event(number, self.name, rendered)}]]></w:Event>'
                         for number in numbers)
        headers = (f"<e:Identifier>{subscription.identifier}</e:Identifier>"
                   f"<w:Bookmark>{bookmark(numbers[-1])}</w:Bookmark><w:AckRequested/>")
        return self.say(subscription.path, envelope(
            WSMAN + "Events", subscription.address, self.name, headers, f"<w:Events>{events}</w:Events>"))

    def heartbeat(self, subscription):
        headers = f"<e:Identifier>{subscription.identifier}</e:Identifier><w:AckRequested/>"
        return self.say(subscription.path, envelope(
            WSMAN + "Heartbeat", subscription.address, self.name, headers, "<w:Events></w:Events>"))

    def end(self, subscription):
        """It gives up, and then the exchange ends: the second says it is packed and is not."""
        body = (f"<e:SubscriptionEnd><e:Status>{SPACES['e']}/SourceCancelling</e:Status></e:SubscriptionEnd>")
        answer = self.say(subscription.path, envelope(
            SUBSCRIPTION_END, subscription.address, self.name, "<w:AckRequested/>", body))
        wide = b"\xff\xfe" + envelope(END, ANONYMOUS, self.name).encode("utf-16-le")
        return answer, self.send(subscription.path, wide, True)
