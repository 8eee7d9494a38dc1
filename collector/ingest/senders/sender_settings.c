#include "collector/ingest/senders/sender_settings.h"

static const char *const transport_names[] = {"udp", "tcp", "tls", NULL};
static const char *const protocol_names[] = {
	"syslog", "beats", "http", "wef", "netflow", "sflow", NULL};
static const char *const framing_names[] = {"auto", "lines", "octet-counted", NULL};
static const char *const content_names[] = {"raw", "rendered", NULL};
static const char *const client_names[] = {"none", "optional", "required", NULL};

bool sender_settings_speak(
	const struct sender_settings *settings, enum listener_protocol protocol)
{
	const struct written_listener *listeners = settings->listeners.items;

	for (size_t i = 0; i < settings->listeners.n; i++) {
		if (listeners[i].protocol == (int)protocol)
			return true;
	}
	return false;
}

const char *listener_protocol_name(enum listener_protocol protocol)
{
	return protocol_names[protocol];
}

#define AT(member) offsetof(struct written_listener, member)
static const struct setting listener_table[] = {
	{"name", SETTING_TEXT, AT(name), NULL, 1, 40,
		"What senders below and messages call it.", .example = "network"},
	{"transport", SETTING_CHOICE, AT(transport), .choices = transport_names,
		.example = "udp",
		.help = "tls is RFC 5425; anybody on the way can read and forge "
			"the other two."},
	{"protocol", SETTING_CHOICE, AT(protocol), "syslog", 0, 0,
		"What they speak: beats is what Filebeat and Winlogbeat send to Logstash "
		"(Lumberjack version 2), by tls or, in a network of their own, tcp. They are "
		"told what is durable, and send the rest again. http takes lines and JSON, "
		"and what outputs for Elasticsearch send (_bulk), likewise; by tcp its tokens "
		"are in clear. wef is what Windows forwards its events by, over tls with "
		"certificates. netflow (v5, v9 and IPFIX, told apart by their version) and "
		"sflow (v5) are flow records of routers, switches and firewalls, by udp; each "
		"record is stored as a line of JSON.",
		protocol_names},
	{"listen", SETTING_TEXT, AT(listen), NULL, 3, 255,
		"Address and port; [::]:514 for IPv6 and IPv4.", .example = "0.0.0.0:514"},
	{"framing", SETTING_CHOICE, AT(framing), "auto", 0, 0,
		"Where syslog messages of tcp and tls end: each by what it begins with, at "
		"line ends, or by their counts alone (RFC 6587).",
		framing_names},
	{"format", SETTING_TEXT, AT(format), "", 0, 64,
		"Parser to ask first for what arrives here (of Beats: for the lines in their "
		"events; flow records have their own); empty: the first that knows it. "
		"`soc-collector normalize --list` names them."},
	{"clients", SETTING_CHOICE, AT(clients), "none", 0, 0,
		"Whether tls asks senders for a certificate.", client_names},
	{"ca", SETTING_PATH, AT(ca), "", 0, 0,
		"CA certificates (PEM) that theirs must lead to."},
	{"crl", SETTING_PATH, AT(crl), "", 0, 0,
		"Revocation lists (PEM) of those CAs; empty: none is looked at."},
	{"certificate", SETTING_PATH, AT(certificate), "", 0, 0,
		"Our certificate (PEM) for tls, then intermediates; read again on SIGHUP."},
	{"key", SETTING_PATH, AT(key), "", 0, 0, "Its private key (PEM)."},
	{"connections-max", SETTING_COUNT, AT(connections_max), "1000", 1, 100000,
		"Connections of this listener at the same time; more are closed at once."},
	{"receive-buffer", SETTING_BYTES, AT(receive_buffer), "8MiB", 4096, 1 << 30,
		"Room for datagrams in the kernel, as far as net.core.rmem_max allows."},
	{0},
};

#undef AT
#define AT(member) offsetof(struct written_sender, member)
static const struct setting sender_table[] = {
	{"name", SETTING_TEXT, AT(name), NULL, 1, 64,
		"What messages and `soc-ctl senders` call it.", .example = "\"fw-bien\""},
	{"addresses", SETTING_TEXTS, AT(addresses), NULL, 1, 64,
		"Addresses or prefixes it sends from. Of several senders that one has to "
		"choose from, the longest prefix decides.",
		.example = "[192.0.2.1, \"2001:db8:5::/64\"]"},
	{"listeners", SETTING_TEXTS, AT(listeners), NULL, 0, LISTENERS_MAX,
		"Names of the listeners it may send to; none: all of them.",
		.example = "[network]"},
	{"certificate", SETTING_TEXT, AT(certificate), "", 0, CERTIFICATE_NAME_MAX,
		"Name in its certificate (DNS, or the common name where there is none), at a "
		"listener that asks for one. Who has it is known by it, the others by their "
		"address. \"*.xa.example\" is each name that ends so with one part before "
		"it: many hosts (names-host) of one agency."},
	{"token-sha256", SETTING_TEXTS, AT(tokens), NULL, 0, TOKENS_MAX,
		"SHA-256 of the token it shows at a listener of http; two while it changes "
		"over. `soc-ctl token` makes both. Who has tokens is known by them alone, from "
		"its addresses."},
	{"agency", SETTING_COUNT, AT(agency), NULL, 1, 0,
		"Agency its records belong to, a number of the register.", .example = "1"},
	{"host", SETTING_COUNT, AT(host), NULL, 1, 0,
		"Number of the host they are of, whatever they say. One that speaks for many "
		"agencies is a shared source in the register.",
		.example = "1"},
	{"names-host", SETTING_FLAG, AT(names_host), "false", 0, 0,
		"A relay of its agency: a message is of the host that the register names like "
		"the HOSTNAME in its header (of Beats: like the event's host.name; of wef: "
		"like "
		"the first name in the computer's certificate), and of the host above when "
		"there is none. What stands in the message inside names nobody."},
	{"hosts", SETTING_TEXTS, AT(hosts), NULL, 0, SENDER_HOSTS_MAX,
		"With names-host: numbers of the hosts it may name; none: all of its agency.",
		.example = "[12, 13]"},
	{"zone", SETTING_TEXT, AT(zone), "", 0, 63,
		"Zone of its stamps that have none: Asia/Ho_Chi_Minh, UTC, an offset like "
		"+07:00 or UTC+7 (+ is to the east), or a name like Europe/Berlin, whose "
		"summer time is known; empty: the "
		"province's."},
	{"charset", SETTING_TEXT, AT(charset), "utf-8", 1, 16,
		"Character set of its text: utf-8, utf-16le, utf-16be, windows-1258, tcvn3, "
		"vni."},
	{"format", SETTING_TEXT, AT(format), "", 0, 64,
		"Parser to ask first; empty: the listener's."},
	{"connections-max", SETTING_COUNT, AT(connections_max), "16", 1, 100000,
		"Connections of it at the same time; more are closed at once."},
	{0},
};

#undef AT
#define AT(member) offsetof(struct written_subscription, member)
static const struct setting subscription_table[] = {
	{"name", SETTING_TEXT, AT(name), NULL, 1, 64,
		"What computers and messages call it; another name is another subscription.",
		.example = "\"an-ninh\""},
	{"query", SETTING_PATH, AT(query), NULL, 1, 0,
		"File with the events wanted: a <QueryList>, as Event Viewer shows it.",
		.example = "wef/security.xml"},
	{"content", SETTING_CHOICE, AT(content), "raw", 0, 0,
		"raw: events as they are in the log. rendered: also the text that people are "
		"shown, three to five times as much.",
		content_names},
	{"locale", SETTING_TEXT, AT(locale), "", 0, 16,
		"Language of that text, such as en-US; empty: the computer's."},
	{"existing", SETTING_FLAG, AT(existing), "false", 0, 0,
		"Whether a computer that was never heard of sends what its logs hold already."},
	{"heartbeat", SETTING_DURATION, AT(heartbeat_ms), "15m", 1000, 86400000,
		"A computer without events says so as often; one that was silent twice as long "
		"is shown as silent."},
	{"latency", SETTING_DURATION, AT(latency_ms), "30s", 1000, 86400000,
		"A computer gathers events so long before it sends them."},
	{"envelope-max", SETTING_BYTES, AT(envelope_max), "500KiB", 32 << 10, 2 << 20,
		"Bytes of a delivery, unpacked."},
	{"senders", SETTING_TEXTS, AT(senders), NULL, 0, SENDERS_MAX,
		"Names of the senders that have to deliver it; none: all at listeners of wef.",
		.example = "[\"may-tram-01\"]"},
	{0},
};

#undef AT
#define AT(member) offsetof(struct sender_settings, member)
const struct setting sender_settings_table[] = {
	{"listeners", SETTING_SECTIONS, AT(listeners), .max = LISTENERS_MAX,
		.table = listener_table, .size = sizeof(struct written_listener),
		.help = "Where they send to. Changes need a restart."},
	{"senders", SETTING_SECTIONS, AT(senders), .max = SENDERS_MAX, .table = sender_table,
		.size = sizeof(struct written_sender), .live = true,
		.help = "Who they are. What comes from anybody else is refused and counted, "
			"never guessed."},
	{"subscriptions", SETTING_SECTIONS, AT(subscriptions), .max = SUBSCRIPTIONS_MAX,
		.table = subscription_table, .size = sizeof(struct written_subscription),
		.help = "What Windows computers at listeners of wef have to deliver "
			"(deploy/windows). One that changed is taken on when they ask again.",
		.live = true},
	{"forwarders", SETTING_PATH, AT(forwarders),
		"/var/lib/soc-collector/derive/forwarders.db", 1, 0,
		"File that keeps how far each of these computers has delivered. Without it "
		"they "
		"go on from their newest event."},
	{"message-max", SETTING_BYTES, AT(message_max), "64KiB", 480, 1 << 20,
		"A longer message of syslog is cut, and marked so."},
	{"event-max", SETTING_BYTES, AT(event_max), "256KiB", 4096, 1 << 20,
		"The same of an event of Beats; one that was cut cannot be read as JSON. A "
		"longer line of http is refused, and its sender told. "
		"Each connection holds what has arrived of one, besides its queue."},
	{"queue", SETTING_BYTES, AT(queue), "16MiB", 1 << 20, 1 << 30,
		"Messages of one sender that may wait for the store, in each worker. A full "
		"one stops the reading of its connections; datagrams are dropped, the newest, "
		"and declared as a gap."},
	{"half-max", SETTING_BYTES, AT(half_max), "8MiB", 1 << 20, 1 << 30,
		"Memory for messages of one sender of which only a part has come, on all of "
		"its connections. One that goes beyond it is ended; of syslog, what there is "
		"of its message is kept, marked unterminated."},
	{"halves-max", SETTING_BYTES, AT(halves_max), "128MiB", 1 << 20, UINT64_C(1) << 36,
		"The same of all senders together."},
	{"agency-queues-max", SETTING_BYTES, AT(agency_queues_max), "64MiB", 1 << 20,
		UINT64_C(1) << 36,
		"The same of all senders of one agency, so that none takes the room of "
		"others."},
	{"queues-max", SETTING_BYTES, AT(queues_max), "256MiB", 1 << 20, UINT64_C(1) << 36,
		"The same of all senders together."},
	{0},
};
