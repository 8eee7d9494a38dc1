/* sender_settings - listeners for senders that are no agents, and who may send to them */
#ifndef COLLECTOR_INGEST_SENDER_SETTINGS_H
#define COLLECTOR_INGEST_SENDER_SETTINGS_H

#include "common/setting.h"

enum {
	LISTENERS_MAX = 16,
	SENDERS_MAX = 10000,
	SUBSCRIPTIONS_MAX = 32,
	CERTIFICATE_NAME_MAX = 253,
	SENDER_HOSTS_MAX = 256,
	TOKENS_MAX = 2,
};

enum listener_transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

enum listener_protocol {
	PROTOCOL_SYSLOG,
	PROTOCOL_BEATS,
	PROTOCOL_HTTP,
	PROTOCOL_WEF,
	PROTOCOL_NETFLOW,
	PROTOCOL_SFLOW,
};

/* Flow records, by datagrams: exporters/. */
static inline bool protocol_is_export(int protocol)
{
	return protocol == PROTOCOL_NETFLOW || protocol == PROTOCOL_SFLOW;
}

/* Who it is may be told by what a connection brings: before that it is nobody's. */
static inline bool protocol_introduces(int protocol)
{
	return protocol == PROTOCOL_HTTP || protocol == PROTOCOL_WEF;
}

enum listener_clients {
	CLIENTS_NONE,     /* no certificate is asked for */
	CLIENTS_OPTIONAL, /* one that is shown has to be good */
	CLIENTS_REQUIRED,
};

struct written_listener {
	const char *name;
	int transport; /* enum listener_transport */
	int protocol;  /* enum listener_protocol */
	const char *listen;
	int framing; /* enum framing_mode */
	const char *format;
	int clients; /* enum listener_clients */
	const char *ca, *crl, *certificate, *key;
	uint32_t connections_max;
	uint64_t receive_buffer; /* bytes, of the kernel */
};

struct written_sender {
	const char *name;
	struct setting_texts addresses, listeners;
	const char *certificate;     /* name in it; "" = it is known by something else */
	struct setting_texts tokens; /* SHA-256 of each, in hex; none = as above */
	uint32_t agency, host;
	bool names_host;
	struct setting_texts hosts; /* numbers that it may name; none = all of its agency */
	const char *zone, *charset, *format;
	uint32_t connections_max;
};

enum subscription_content {
	CONTENT_RAW,
	CONTENT_RENDERED, /* with the text that people are shown */
};

/* What computers that forward their events have to deliver. */
struct written_subscription {
	const char *name, *query; /* a file */
	int content;              /* enum subscription_content */
	const char *locale;
	bool existing;
	uint64_t heartbeat_ms, latency_ms;
	uint64_t envelope_max; /* bytes */
	struct setting_texts senders;
};

struct sender_settings {
	struct setting_sections listeners;     /* struct written_listener */
	struct setting_sections senders;       /* struct written_sender */
	struct setting_sections subscriptions; /* struct written_subscription */
	const char *forwarders;     /* file: what is known of computers that forward */
	uint64_t message_max;       /* bytes; of syslog */
	uint64_t event_max;         /* bytes; of Beats */
	uint64_t queue;             /* bytes of one sender that wait, in a worker */
	uint64_t half_max;          /* bytes of one sender's messages that have come half */
	uint64_t halves_max;        /* of all senders' */
	uint64_t agency_queues_max; /* of all senders of an agency, all workers */
	uint64_t queues_max;        /* of all */
};

/* As the settings call it. */
const char *listener_protocol_name(enum listener_protocol protocol);

extern const struct setting sender_settings_table[];

/* Is there a listener that speaks it? */
bool sender_settings_speak(
	const struct sender_settings *settings, enum listener_protocol protocol);

#endif
