/*
 * ids - alerts of Snort and Suricata, which share their rules' language
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_IDS_H
#define COLLECTOR_NORMALIZE_IDS_H

#include "collector/normalize/families/device.h"

/* What a rule says when it fires; absent members are not known. */
struct ids_alert {
	struct slice signature;
	struct slice category; /* short name or description of classification.config */
	struct slice priority; /* "1" is the gravest, "4" the least */
	bool stopped;          /* the packet was dropped */
};

/* rule.name, rule.category, what the alert tells and the attack it is, if it is one. */
void put_ids_alert(
	struct record *record, struct parse_context *context, const struct ids_alert *alert);

/* "192.0.2.1:80", "2001:db8::1:80", an address alone: the address and the port, if any. */
void put_ids_address(struct record *record, struct parse_context *context, struct slice text,
	enum field_id ip, enum field_id port);

#endif
