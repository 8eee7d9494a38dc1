/*
 * antivirus - what antivirus products say, however it comes: detections, what became of them,
 * and what is no detection (updates, scans, protection switched off)
 *
 * A parser reads a product's form into struct antivirus; antivirus_put() gives
 * it the meaning of ECS. Messages of names and values (CEF, LEEF, JSON,
 * name=value) are read here for all products at once: what names mean stands
 * in antivirus_names.def, what a product calls its events in
 * antivirus_events.def, by the vendors' documents.
 *
 *	event.action            malware-detected; malware-action-taken and -failed when only
 *	                        what became of it is told
 *	event.outcome           success: it is gone or was stopped; failure: it is still there;
 *	                        absent: not said
 *	threat.software.name    as the product writes it; .type
 *	soc.malware.family      by malware_name.h, in small letters; .behavior
 *	soc.malware.state       cleaned, deleted, quarantined, blocked, active
 *	soc.malware.remedy      the product's words for that
 *	host.name, host.ip      the machine it was found on, which is often not the sender
 *	observer.hostname       the sender, when the message names another machine
 *	group.name              the machine's group in the console, for the attribution table
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_ANTIVIRUS_H
#define COLLECTOR_NORMALIZE_ANTIVIRUS_H

#include "collector/normalize/text/extract.h"

enum antivirus_kind {
	ANTIVIRUS_NOTHING, /* the message is something else */
	ANTIVIRUS_DETECTED,
	ANTIVIRUS_OUTCOME, /* what became of something that was detected */
	ANTIVIRUS_SUSPECTED,
	ANTIVIRUS_UPDATED,
	ANTIVIRUS_UPDATE_FAILED,
	ANTIVIRUS_OUTDATED,
	ANTIVIRUS_PROTECTION_OFF,
	ANTIVIRUS_PROTECTION_ON,
	ANTIVIRUS_SCAN_STARTED,
	ANTIVIRUS_SCAN_ENDED,
	ANTIVIRUS_OUTBREAK, /* many machines; the detections come by themselves */
	ANTIVIRUS_TOLD,     /* of the product, and of none of these */
};

enum antivirus_state {
	ANTIVIRUS_UNTOLD,
	ANTIVIRUS_CLEANED,
	ANTIVIRUS_DELETED,
	ANTIVIRUS_QUARANTINED,
	ANTIVIRUS_BLOCKED,
	ANTIVIRUS_ACTIVE, /* still there: nothing was done, or it failed */
};

/* Members that are absent were not said. */
struct antivirus {
	enum antivirus_kind kind;
	enum antivirus_state state;
	struct slice name, type, behavior;
	struct slice remedy;
	struct slice path, file; /* a whole path; a name alone */
	struct slice host, address, group;
	struct slice user; /* "DOMAIN\an", "an" */
};

/* What words for a remedy say: "Cleaned by deletion", "Unable to quarantine file", "Đã diệt".
 */
enum antivirus_state antivirus_state_of(struct slice words);

/* Everything; fields that an envelope filled from the same message are replaced. */
void antivirus_put(
	struct record *record, struct parse_context *context, const struct antivirus *said);

/* Only the malware: name, type, behavior, family, state, remedy. */
void antivirus_put_malware(
	struct record *record, struct parse_context *context, const struct antivirus *said);

/* Who wrote a message of names and values, as its envelope says; absent members are unknown. */
struct antivirus_source {
	struct slice vendor, product;
	struct slice id, title; /* of the event */
};

/* Reads context->pairs and adds what they mean, when they are an antivirus product's message;
 * pairs whose names have no meaning here are the caller's. */
bool antivirus_put_pairs(struct record *record, struct parse_context *context,
	const struct antivirus_source *source);

/* Whether antivirus_put_pairs() knows the name. */
bool antivirus_knows(const struct pair *pair);

#endif
