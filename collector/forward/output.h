/*
 * output - a place national messages are sent to
 *
 * Called by the forward thread in its event base; nothing here may block. A
 * message is taken, and later reported delivered or failed by its topic and
 * number: at least once, the receiver keeps the highest revision of a key (decision 11).
 *
 * To add one: a file in outputs/, a line in outputs.c, a table of settings,
 * and a fake peer in tests/system/.
 */
#ifndef COLLECTOR_FORWARD_OUTPUT_H
#define COLLECTOR_FORWARD_OUTPUT_H

#include "common/conf.h"
#include "common/slice.h"

struct event_base;
struct forward_settings;

enum { OUTPUT_HEADERS_MAX = 8 };

struct output_header {
	const char *name;
	struct slice value;
};

struct output_message {    /* borrowed for the call */
	int64_t number;    /* of the outbox row */
	const char *topic; /* "soc.H47.statistics.v1" */
	struct slice key;
	struct slice body;
	struct output_header headers[OUTPUT_HEADERS_MAX];
	unsigned n_headers;
};

enum send_result {
	SEND_TAKEN,   /* a report will follow, or came already */
	SEND_BUSY,    /* its queue is full; offer it again after `room` */
	SEND_LATER,   /* its topic takes nothing now; err says why */
	SEND_REFUSED, /* it can never be sent; err says why */
};

enum output_failure {
	FAILED_TOPIC,    /* others of its topic would fail too */
	FAILED_ITSELF,   /* this message alone, as far as can be told */
	FAILED_FOR_GOOD, /* it must not be tried again */
};

struct output_events {
	void (*delivered)(void *user, const char *topic, int64_t number, const char *where);
	void (*failed)(void *user, const char *topic, int64_t number,
		enum output_failure failure, const char *why);
	void (*room)(void *user); /* it is no longer busy */
	void *user;
};

struct output {
	const char *name; /* "kafka" */
	const char *summary;

	/* What is wrong with settings beyond what their table says, where `conf` that filled
	 * them has it. NULL: nothing can be. */
	void (*check)(const struct conf *conf, const struct forward_settings *settings,
		struct mistakes *mistakes);

	/* NULL on failure. `events` are called from within `base`'s loop. */
	void *(*open)(const struct forward_settings *settings, struct event_base *base,
		const struct output_events *events, struct err *err);
	enum send_result (*send)(
		void *self, const struct output_message *message, struct err *err);

	/* Waits at most `timeout_ms` for what was taken, reports, frees. */
	void (*close)(void *self, uint32_t timeout_ms);
};

extern const struct output *const outputs[]; /* ended by NULL */

#endif
