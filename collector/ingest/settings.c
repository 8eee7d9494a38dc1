#include "collector/ingest/settings.h"

#define AT(member) offsetof(struct ingest_settings, member)

const struct setting ingest_settings_table[] = {
	{"listen", SETTING_TEXT, AT(listen), "0.0.0.0:6514", 3, 255,
		"Address and port agents connect to; [::]:6514 for IPv6 and IPv4."},
	{"workers", SETTING_COUNT, AT(workers), "0", 0, 64,
		"Threads that serve agents; 0 is one for each processor."},
	{"ca", SETTING_PATH, AT(ca), "pki/ca.pem", 0, 0,
		"CA certificates (PEM) that agents' certificates must lead to.", .live = true},
	{"crl", SETTING_PATH, AT(crl), "pki/crl.pem", 0, 0,
		"Revocation lists (PEM) of those CAs, read again on SIGHUP. A list that has "
		"expired refuses every new agent.",
		.live = true},
	{"certificate", SETTING_PATH, AT(certificate), "pki/collector.pem", 0, 0,
		"The collector's own certificate (PEM), then intermediates.", .live = true},
	{"key", SETTING_PATH, AT(key), "pki/collector.key", 0, 0,
		"Its private key (PEM); readable by the collector's user only.", .live = true},
	{"connections-max", SETTING_COUNT, AT(connections_max), "12000", 1, 1000000,
		"Agents connected at the same time; more are turned away and come back later."},
	{"agency-connections-max", SETTING_COUNT, AT(agency_connections_max), "5000", 1,
		1000000, "The same of one agency, so that none can take all places."},
	{"handshakes-max", SETTING_COUNT, AT(handshakes_max), "500", 1, 100000,
		"Connections that may be in the middle of their TLS handshake. When all places "
		"are taken the oldest one of the address with the most gives way; a quarter is "
		"kept for addresses agents came from before. When so many more wait for a "
		"worker, nobody is let in for the moment."},
	{"address-handshakes-max", SETTING_COUNT, AT(address_handshakes_max), "100", 1, 100000,
		"The same of one client address (an agency behind NAT is one address); its "
		"oldest gives way."},
	{"handshake-timeout", SETTING_DURATION, AT(handshake_ms), "10s", 100, 600000,
		"Time for TLS handshake and HELLO."},
	{"frame-timeout", SETTING_DURATION, AT(frame_ms), "30s", 100, 600000,
		"Time for a frame to arrive whole once its first byte has."},
	{"write-timeout", SETTING_DURATION, AT(write_ms), "30s", 100, 600000,
		"Time for a peer to take what was written to it."},
	{"heartbeat", SETTING_DURATION, AT(heartbeat_ms), "15s", 100, 600000,
		"Each side says something at least so often; three times that long without a "
		"word ends the session."},
	{"window", SETTING_BYTES, AT(window), "512KiB", 64 << 10, 256 << 20,
		"Compressed bytes an agent may have sent that are not acknowledged yet; one "
		"that has twice as many under way is disconnected."},
	{"batches", SETTING_COUNT, AT(batches), "64", 2, 1024,
		"Batches of one worker under way to the store; when all are, or 16,384 lines "
		"in them, it stops reading."},
	{"agency-rate", SETTING_BYTES, AT(agency_rate), "0B", 0, UINT64_C(1) << 40,
		"Bytes a second, unpacked, that one agency may send; above it its agents are "
		"read more slowly and nothing is lost. 0B is no limit."},
	{"syslog", SETTING_SECTION, AT(syslog), NULL, 0, 0,
		"Receiving syslog and Beats from devices and hosts that have no agent.",
		.table = sender_settings_table},
	{0},
};
