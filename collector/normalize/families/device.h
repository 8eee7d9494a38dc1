/*
 * device - what firewalls, routers and sensors have to say, in the words of ECS
 *
 * Every vendor has words of its own for a refused packet, a log-in, a changed
 * setting or an attack. Their parsers translate them into the tellings of
 * device_tellings.def, so that a search and a class (configs/national/
 * classes.yaml) need not know the vendor.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_DEVICE_H
#define COLLECTOR_NORMALIZE_DEVICE_H

#include "collector/normalize/text/extract.h"

/* Who saw it: observer.vendor, observer.product, observer.type (ECS: "firewall", "ids",
 * "router", "switch", "waf", ...). */
struct device {
	struct slice vendor, product, type;
};

enum telling {
#define TELLING(id, ...) TELLS_##id,
#include "collector/normalize/families/device_tellings.def"
#undef TELLING
	TELLING_COUNT,
};

/* What each tells, for tables of sentences (phrases.h); TELLING_COUNT of them. */
extern const struct meaning tellings[];

#define MEANS_TELLING(telling) (&tellings[TELLS_##telling])

void put_device(
	struct record *record, struct parse_context *context, const struct device *device);

/* event.action, category, type and outcome. A record that has an action or outcome keeps it. */
void put_telling(struct record *record, struct parse_context *context, enum telling telling);

/*
 * What an attack is and how grave, for classes.yaml: event.kind "alert", soc.attack.class and
 * soc.attack.severity. The severities of devices rate the weakness, not the harm; `stopped`
 * means that this line shows the attempt to have failed, which makes it less grave:
 *
 *	device's   low, none   medium   high, critical
 *	open       low         medium   high
 *	stopped    low         low      medium
 */
void put_attack(struct record *record, struct parse_context *context, enum attack_class attack,
	enum severity severity, bool stopped);

/* "critical", "High", "warning", "info": as devices write it; SEVERITY_MEDIUM for a word that
 * is none of theirs. */
enum severity severity_of_word(struct slice word);

/*
 * The class that the name of a signature or of its category tells, by the words vendors agree
 * on: "Backdoor.X.Traffic", "TCP.Port.Scan", "SYN flood", "Phishing". `otherwise` when none
 * of them is in it.
 */
enum attack_class attack_of_name(struct slice name, enum attack_class otherwise);

/* In lower case, as ECS wants network.protocol and its like. */
void put_lower(struct record *record, struct parse_context *context, enum field_id id,
	struct slice text);

/* A moment in the text of a date; a text that is none is not added. */
void put_date(struct record *record, struct parse_context *context, enum field_id id,
	struct slice text);

/* url.domain unless the URL had it. */
void put_url_host(struct record *record, struct parse_context *context, struct slice host);

/* Seconds as event.duration, which has nanoseconds; "12", "0:01:02", "1h02m03s". */
void put_seconds(struct record *record, struct parse_context *context, struct slice text);

/* network.bytes and network.packets as sums of both sides', where those are known. A
 * translation to the address 0.0.0.0 or ::, or to port 0, is none: devices write it where they
 * translated nothing; it is taken out. */
void put_totals(struct record *record, struct parse_context *context);

/* tls.version "1.2" and tls.version_protocol "tls" of "TLSv1.2", "TLS 1.2", "TLSv12"; of texts
 * that are none of these all is the version. */
void put_tls_version(struct record *record, struct parse_context *context, struct slice text);

/* network.direction: "inbound", "outbound", "internal", "external" for a device's word. */
void put_direction(struct record *record, struct parse_context *context, struct slice word);

#endif
