/*
 * wsman - the messages by which Windows forwards events, and what they are answered
 *
 * SOAP 1.2 envelopes of WS-Management (DMTF DSP0226), with Microsoft's extensions
 * ([MS-WSMV] §3.1.4.1.30). A computer enumerates the subscriptions there are for
 * it and then delivers, by each:
 *
 *	Enumerate        ─►  the subscriptions, each as the request it has to follow
 *	Events           ─►  Ack, when all of them are durable
 *	Heartbeat        ─►  Ack: it lives, and has nothing to tell
 *	SubscriptionEnd  ─►  Ack: it gives one up
 *	End              ─►  nothing: of the exchange, not of a subscription
 *
 * Bodies come as UTF-16 or UTF-8, those of deliveries packed (sldc.h). An
 * envelope is read whole before anything of it is taken: it is well-formed and
 * of a form we know, or it is a fault.
 *
 * Pure; any thread. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_WSMAN_H
#define COLLECTOR_INGEST_WSMAN_H

#include "common/markup.h"

enum {
	WSMAN_ENVELOPE_MAX = 4 << 20, /* bytes, unpacked, in UTF-16 */
	WSMAN_ID_MAX = 128,           /* bytes of ids, action names too */
	WSMAN_MACHINE_MAX = 255,
	WSMAN_BOOKMARK_MAX = 32 << 10,
	WSMAN_UUID_SIZE = 37, /* as text, with the NUL */
};

enum wsman_action {
	WSMAN_ENUMERATE,
	WSMAN_PULL, /* more of an enumeration: we give all at once */
	WSMAN_RELEASE,
	WSMAN_EVENTS,
	WSMAN_HEARTBEAT,
	WSMAN_SUBSCRIPTION_END,
	WSMAN_END,
	WSMAN_OTHER_ACTION,
};

struct wsman_message {
	enum wsman_action action;
	char id[WSMAN_ID_MAX + 1];           /* "" = none of those that follow */
	char operation[WSMAN_ID_MAX + 1];    /* Microsoft's, said again in the answer */
	char sequence[WSMAN_ID_MAX + 1];     /* likewise */
	char subscription[WSMAN_ID_MAX + 1]; /* e:Identifier: its version, as we gave it */
	char machine[WSMAN_MACHINE_MAX + 1]; /* what the computer calls itself */
	bool wants_ack;
	struct slice bookmark; /* in the envelope, XML; absent = there is none */
	struct slice status;   /* of a SubscriptionEnd, as written */
	unsigned n_events;

	struct markup events; /* its own */
};

enum wsman_fault {
	WSMAN_FAULT_ENVELOPE,        /* it is none, or lacks what it needs */
	WSMAN_FAULT_MUST_UNDERSTAND, /* a header we do not know */
	WSMAN_FAULT_ACTION,          /* an action we do not know */
	WSMAN_FAULT_SUBSCRIPTION,    /* one there is not */
	WSMAN_FAULT_CONTEXT,         /* no enumeration goes on */
	WSMAN_FAULT_BUSY,            /* not now */
	WSMAN_FAULT_NONE,            /* it was read */
};

/*
 * What arrived as text in UTF-8, appended to `text`. `packed`: as its head says; what is not
 * packed all the same is taken as it is. False: it is damaged or longer than
 * WSMAN_ENVELOPE_MAX; `why` is a constant of the program.
 */
MUST_USE bool wsman_decode(
	struct slice body, bool packed, struct strbuf *text, const char **why);

/* `text` has to live as long as what is read of it. When it is a fault, `message` has what
 * could be read for the answer and `why` is a constant. */
MUST_USE enum wsman_fault wsman_read(
	struct slice text, struct wsman_message *message, const char **why);

/*
 * The next event of a message that was read, as it was in the computer's log: XML, without the
 * section it was wrapped in. False when there are no more. It points into the envelope or into
 * `scratch`, which is reset each time.
 */
MUST_USE bool wsman_next_event(
	struct wsman_message *message, struct strbuf *scratch, struct slice *event);

/* Says the sender that it had to leave out events (DSP0226 §10.2.8): how many; 0 = it is none
 * of these. */
uint64_t wsman_dropped(struct slice event);

/* ---- answers ------------------------------------------------------------------- */

/* What a computer has to deliver, and how. */
struct wsman_subscription {
	struct slice name;
	struct slice version;  /* a UUID, another one when anything of it changes */
	struct slice query;    /* XML: a QueryList */
	bool rendered;         /* with the text that people are shown */
	bool existing;         /* also what was there before it subscribed */
	struct slice locale;   /* "vi-VN"; "" = the computer's */
	uint64_t heartbeat_ms; /* as long as it may be silent */
	uint64_t latency_ms;   /* as long as it may gather */
	uint64_t envelope_max; /* bytes */
	struct slice address;  /* where to deliver, a URL */
	struct slice bookmark; /* XML; absent = from now on, or from the start when existing */
};

/* Whom it is delivered with: SHA-1 of the certificate that issued its own, in hex. */
struct wsman_issuer {
	struct slice thumbprint; /* absent: it needs none */
};

void wsman_put_ack(struct strbuf *out, const struct wsman_message *to);

void wsman_put_fault(struct strbuf *out, const struct wsman_message *to, enum wsman_fault fault,
	const char *why);

/* The status of HTTP that goes with it. */
unsigned wsman_fault_status(enum wsman_fault fault);

/* All of it: start, a subscription each, end. */
void wsman_put_enumeration_start(struct strbuf *out, const struct wsman_message *to);
void wsman_put_subscription(struct strbuf *out, const struct wsman_subscription *subscription,
	const struct wsman_issuer *issuer);
void wsman_put_enumeration_end(struct strbuf *out);

/* Nothing more of an enumeration. */
void wsman_put_released(struct strbuf *out, const struct wsman_message *to);

/* UTF-8 as UTF-16 with its mark, the way Windows speaks. */
void wsman_put_utf16(struct strbuf *out, struct slice text);

/* A UUID that `content` alone decides, upper case. */
void wsman_uuid_of(struct slice content, char uuid[WSMAN_UUID_SIZE]);

#endif
