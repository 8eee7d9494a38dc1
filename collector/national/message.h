/*
 * message - a type of message the nation (or the province itself) gets
 *
 * A type is one file in types/ and one line in messages.c. It knows how to
 * build what is due from the statistics, how to check a file against its
 * schema and rules, how to verify a signature, and how to show itself to a
 * person. Schemas and code tables are data in configs/national/ (decision 12).
 */
#ifndef COLLECTOR_NATIONAL_MESSAGE_H
#define COLLECTOR_NATIONAL_MESSAGE_H

#include <stdio.h>

#include "collector/derive/outbox.h"
#include "collector/derive/statistics.h"
#include "collector/register/register.h"
#include "common/strbuf.h"

struct national_profile; /* what configs/national/profile.yaml says; profile.h */
struct signer;

struct message_context {
	const struct national_profile *profile;
	const struct agency_register *agencies;
	struct signer *signer; /* NULL: nothing that needs a signature is built */
	int64_t now_ns;
	uint64_t position; /* the store position everything is computed from (derive.h): the
			      revision */
};

struct message_type {
	const char *name;  /* what `feed --type` calls it: "statistics" */
	const char *topic; /* "statistics", "malware" */
	const char *summary;
	const char *source; /* standard and clause */
	const char *schema; /* "soc-statistics/1" */

	/* Puts what is due into the outbox. NULL: the type is not produced from statistics.
	 * False takes back what it put, and nothing of other types. */
	bool (*publish)(const struct message_context *context, struct statistics *statistics,
		struct outbox *outbox, struct err *err);

	/* Checks `body` against schema and rules; every mistake is a line of `mistakes`, with
	 * `name` as the file's. Any bytes may be given. */
	bool (*check)(const struct national_profile *profile, const char *name,
		struct slice body, struct strbuf *mistakes);

	/* Verifies the signature: inside the body (XML) or `detached` (JWS). `ca_file` holds
	 * trusted certificates, or NULL to trust the one in the message and say so. Any bytes
	 * may be given. */
	bool (*verify)(const struct national_profile *profile, struct slice body,
		struct slice detached, const char *ca_file, struct strbuf *report);

	/* Whether a message, as it was sent, tells of such a finding of malware; where it was
	 * found is not looked at. NULL: it has none. */
	bool (*tells)(struct slice body, const struct statistics_hit *hit);

	/* Writes it for a person. */
	bool (*show)(struct slice body, FILE *out, struct err *err);
};

extern const struct message_type *const message_types[]; /* ended by NULL */

/* NULL when there is none. */
const struct message_type *message_type_by_name(struct slice name);

/*
 * Puts what is due of every type into the outbox. A type, or a part of it, that cannot be built
 * is taken back alone, logged, counted (national.failures) and held: it is tried again later,
 * and shown in the status. False: the transaction itself failed.
 */
MUST_USE bool messages_publish(const struct message_context *context,
	struct statistics *statistics, struct outbox *outbox, struct err *err);

/* One thing that is published alone or not at all: what it is held under. */
struct message_item {
	const char *type; /* name of a message type */
	const char *name; /* "5m/2026-11-22T01:00:00Z"; "" = the whole type */
};

MUST_USE bool message_item_publish(const struct message_context *context, struct outbox *outbox,
	const struct message_item *item, bool (*build)(void *user, struct err *err), void *user,
	struct err *err);

/* Outbox mark: findings that are in no malware report because none can be made with them. */
#define MESSAGE_MARK_LEFT_OUT SLICE_LIT("malware.left_out")

enum { MESSAGE_UUID_MAX = 37 }; /* with the NUL */

/* The id of a message (RFC 9562, version 8): the same for the same key and revision, so that a
 * message sent again is known again. */
const char *message_uuid(struct slice key, uint64_t revision, char out[MESSAGE_UUID_MAX]);

#endif
