#include "collector/forward/forward.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/forward/destinations.h"
#include "collector/forward/output.h"
#include "collector/national/jws.h"
#include "collector/national/message.h"
#include "collector/signer/signer.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mailbox.h"

enum { PREFIX_MAX = 128, SIGN_TIMEOUT_MS = 3000, LOOK_MS = 2000 };

static struct counter sent = COUNTER("forward.sent", "national messages delivered");
static struct counter refused =
	COUNTER("forward.refused", "national messages refused for good");
static struct counter retried =
	COUNTER("forward.retried", "national messages offered again after a failure");
static struct counter aside =
	COUNTER("forward.aside", "national messages set aside, for others of their topic");
static struct counter unsigned_rows = COUNTER(
	"forward.unsigned", "times a message waited because the signer gave no signature");

struct forward {
	struct forward_settings settings;
	char prefix[PREFIX_MAX]; /* of topics: "soc.H47." */
	struct destinations destinations;
	const struct output *output;
	void *self; /* the output's */
	struct outbox_reader *reader;
	struct signer *signer;
	struct derive *derive;

	pthread_t thread;
	bool started, busy, offering;
	atomic_bool stopping; /* ends offering between two rows: a backlog may take minutes */
	struct loop *loop;
	struct mailbox *wake;
	struct mail wake_mail;
	pthread_mutex_t wake_lock;
	bool wake_is_out;
	struct event *look, *more;
};

/* ---- one row ---------------------------------------------------------------- */

static void hex_sha256(struct slice bytes, char text[65])
{
	unsigned char digest[32];

	EVP_Digest(bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL);
	for (unsigned i = 0; i < sizeof(digest); i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
}

static void add_header(struct output_message *message, const char *name, struct slice value)
{
	message->headers[message->n_headers++] = (struct output_header){name, value};
}

static enum send_result send_row(struct forward *forward, const char *topic,
	const struct outbox_message *row, struct slice jws, struct err *err)
{
	char revision[24], sha256[65];
	struct output_message message = {
		.number = row->row,
		.topic = topic,
		.key = row->key,
		.body = row->body,
	};

	snprintf(revision, sizeof(revision), "%llu", (unsigned long long)row->revision);
	hex_sha256(row->body, sha256);
	add_header(&message, "schema", row->schema);
	add_header(&message, "content-type", row->content_type);
	add_header(&message, "msg-id", row->message_id);
	add_header(&message, "revision", slice_str(revision));
	add_header(&message, "sha256", slice_str(sha256));
	if (row->needs_jws)
		add_header(&message, "jws", jws);
	return forward->output->send(forward->self, &message, err);
}

static bool sign(struct forward *forward, struct destination *destination,
	const struct outbox_message *row, struct strbuf *jws)
{
	struct err err;

	if (!row->needs_jws)
		return true;
	if (jws_sign(forward->signer, row->body, SIGN_TIMEOUT_MS, jws, &err))
		return true;
	counter_add(&unsigned_rows, 1);
	log_warn("forward.unsigned", "row=%lld reason=\"%s\", it waits", (long long)row->row,
		err.text);
	destination_wait(&forward->destinations, destination, LOOK_MS, err.text);
	return false;
}

/* ---- reports ---------------------------------------------------------------- */

static void report_refused(
	struct forward *forward, struct destination *destination, int64_t row, const char *why)
{
	destination_refused(&forward->destinations, destination, row);
	counter_add(&refused, 1);
	log_error("forward.refused", "row=%lld reason=%s topic=%s", (long long)row,
		LOG_TEXT(slice_str(why)), destination->topic);
	derive_mark_sent(forward->derive, row, false, why);
}

static void arm_look(struct forward *forward)
{
	const int64_t now_ms = clock_mono_ms();
	const int64_t next_ms = destinations_next_ms(&forward->destinations, now_ms);

	loop_arm(forward->look,
		next_ms < now_ms + LOOK_MS ? (uint64_t)(next_ms - now_ms) : LOOK_MS);
}

/* Rows sent behind it meanwhile may be offered again: the receiver keeps one of each revision.
 */
static void report_failed(struct forward *forward, struct destination *destination, int64_t row,
	bool by_itself, const char *why)
{
	counter_add(&retried, 1);
	switch (destination_failed(&forward->destinations, destination, row, by_itself, why)) {
	case DESTINATION_BEGINS_TO_WAIT:
		log_warn("forward.waiting", "topic=%s reason=%s, others go on",
			destination->topic, LOG_TEXT(slice_str(why)));
		break;
	case DESTINATION_ROW_ASIDE:
		counter_add(&aside, 1);
		log_error("forward.aside",
			"row=%lld topic=%s reason=%s, those behind it go on; it is tried again "
			"every %llu s",
			(long long)row, destination->topic, LOG_TEXT(slice_str(why)),
			(unsigned long long)(forward->settings.retry_aside_ms / 1000));
		break;
	case DESTINATION_WAITS_ON:
		break;
	}
	arm_look(forward);
}

/* Its window has room. Not from within send(), which is offering already. */
static void ask_for_more(struct forward *forward)
{
	if (!forward->offering)
		event_active(forward->more, EV_TIMEOUT, 0);
}

static void on_delivered(void *user, const char *topic, int64_t number, const char *where)
{
	struct forward *forward = user;
	struct destination *destination = destinations_of_topic(&forward->destinations, topic);

	assert(destination != NULL);
	if (destination->failures > 0 && destination->retry_ms == 0)
		log_info("forward.resumed", "topic=%s", topic);
	if (destination_is_aside(destination, number))
		log_info("forward.aside_sent", "row=%lld topic=%s", (long long)number, topic);
	destination_delivered(&forward->destinations, destination, number);
	counter_add(&sent, 1);
	derive_mark_sent(forward->derive, number, true, where);
	ask_for_more(forward);
}

static void on_failed(void *user, const char *topic, int64_t number,
	enum output_failure failure, const char *why)
{
	struct forward *forward = user;
	struct destination *destination = destinations_of_topic(&forward->destinations, topic);

	assert(destination != NULL);
	if (failure == FAILED_FOR_GOOD)
		report_refused(forward, destination, number, why);
	else
		report_failed(forward, destination, number, failure == FAILED_ITSELF, why);
	ask_for_more(forward);
}

/* ---- offering --------------------------------------------------------------- */

static void send_signed(struct forward *forward, struct destination *destination,
	const struct outbox_message *row, struct slice jws)
{
	struct err err;

	destination_offered(&forward->destinations, destination, row->row);
	switch (send_row(forward, destination->topic, row, jws, &err)) {
	case SEND_TAKEN:
		break;
	case SEND_BUSY:
		destination_taken_back(&forward->destinations, destination, row->row);
		forward->busy = true;
		break;
	case SEND_LATER:
		report_failed(forward, destination, row->row, false, err.text);
		break;
	case SEND_REFUSED:
		report_refused(forward, destination, row->row, err.text);
		break;
	}
}

/* 1 = a row, 0 = none, -1 = it could not be read. */
static int find_row(struct forward *forward, const struct destination *destination,
	int64_t after, struct outbox_message *row)
{
	struct err err;
	const int found = outbox_reader_next(
		forward->reader, slice_str(destination->type), after, row, &err);

	if (found < 0)
		log_error("forward.outbox", "reason=\"%s\"", err.text);
	return found;
}

/* One that was set aside and is due, but for those that a newer one replaced. */
static bool find_aside(
	struct forward *forward, struct destination *destination, struct outbox_message *row)
{
	struct destinations *all = &forward->destinations;
	int64_t number;

	while ((number = destination_aside_due(all, destination, clock_mono_ms())) != 0) {
		const int found = find_row(forward, destination, number - 1, row);

		if (found < 0)
			return false;
		if (found > 0 && row->row == number)
			return true;
		destination_forget_aside(all, destination, number);
	}
	return false;
}

static bool find_in_turn(
	struct forward *forward, struct destination *destination, struct outbox_message *row)
{
	while (find_row(forward, destination, destination->after, row) > 0) {
		if (!destination_is_aside(destination, row->row))
			return true;
		destination_pass(&forward->destinations, destination, row->row);
	}
	return false;
}

/* One row of it. False: there is none, or none may go now. */
static bool offer_next(struct forward *forward, struct destination *destination)
{
	struct strbuf jws = STRBUF_INIT(16 * 1024);
	struct outbox_message row;

	pulse_beat(loop_own_pulse(forward->loop));
	if (forward->busy || forward->stopping ||
		!destination_is_open(&forward->destinations, destination, clock_mono_ms()))
		return false;
	if (!find_aside(forward, destination, &row) &&
		!find_in_turn(forward, destination, &row))
		return false;
	bool is_signed = sign(forward, destination, &row, &jws);
	if (is_signed)
		send_signed(forward, destination, &row, strbuf_slice(&jws));
	strbuf_done(&jws);
	return is_signed;
}

/* Types that appeared in the outbox. */
static void find_types(struct forward *forward)
{
	char last[DESTINATION_TYPE_MAX] = "";
	struct slice type;
	struct err err;
	int found;

	while ((found = outbox_reader_type(forward->reader, slice_str(last), &type, &err)) >
		0) {
		if (destinations_of_type(&forward->destinations, type) == NULL) {
			log_error("forward.type", "type=%s reason=\"too many or too long\"",
				LOG_TEXT(type));
			return;
		}
		snprintf(last, sizeof(last), "%.*s", SLICE_FMT(type));
	}
	if (found < 0)
		log_error("forward.outbox", "reason=\"%s\"", err.text);
}

/* A row of each in turn, until none has one that may go. */
static void offer_rows(struct forward *forward)
{
	bool any = true;

	forward->offering = true;
	find_types(forward);
	while (any) {
		any = false;
		for (unsigned i = 0; i < forward->destinations.n; i++)
			any |= offer_next(forward, &forward->destinations.all[i]);
	}
	outbox_reader_rest(forward->reader);
	forward->offering = false;
}

static void on_room(void *user)
{
	struct forward *forward = user;

	forward->busy = false;
	ask_for_more(forward);
}

static void on_more(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	offer_rows(user);
}

static void on_look(evutil_socket_t fd, short what, void *user)
{
	struct forward *forward = user;

	(void)fd;
	(void)what;
	forward->busy = false;
	offer_rows(forward);
	arm_look(forward);
}

static void on_wake(void *user, struct mail *oldest)
{
	struct forward *forward = user;

	(void)oldest;
	pthread_mutex_lock(&forward->wake_lock);
	forward->wake_is_out = false;
	pthread_mutex_unlock(&forward->wake_lock);
	offer_rows(forward);
}

void forward_wake(struct forward *forward)
{
	pthread_mutex_lock(&forward->wake_lock);
	bool was_out = forward->wake_is_out;
	forward->wake_is_out = true;
	pthread_mutex_unlock(&forward->wake_lock);
	if (!was_out)
		mailbox_put(forward->wake, &forward->wake_mail);
}

/* ---- life ------------------------------------------------------------------- */

static void *run(void *user)
{
	struct forward *forward = user;

	(void)pthread_setname_np(pthread_self(), "forward");
	loop_run(forward->loop);
	return NULL;
}

static bool prepare(struct forward *forward, const char *derive_dir, struct err *err)
{
	const struct output_events events = {on_delivered, on_failed, on_room, forward};
	struct event_base *base;

	forward->loop = loop_new(err);
	if (forward->loop == NULL)
		return false;
	base = loop_base(forward->loop);
	forward->wake = mailbox_new(base, on_wake, forward, err);
	forward->look = event_new(base, -1, 0, on_look, forward);
	forward->more = event_new(base, -1, 0, on_more, forward);
	if (forward->wake == NULL)
		return false;
	if (forward->look == NULL || forward->more == NULL)
		return err_set(err, "creating forward's timer");
	loop_arm(forward->look, 0);
	forward->reader = outbox_reader_open(derive_dir, err);
	if (forward->reader == NULL)
		return false;
	forward->output = outputs[forward->settings.output];
	forward->self = forward->output->open(&forward->settings, base, &events, err);
	return forward->self != NULL && loop_pulse(forward->loop, "forward", err);
}

/* The status shows them before the first message. */
static void name_types(struct destinations *destinations)
{
	for (const struct message_type *const *type = message_types; *type != NULL; type++)
		(void)destinations_of_type(destinations, slice_str((*type)->topic));
}

struct forward *forward_start(const struct forward_settings *settings, const char *derive_dir,
	const char *province, struct signer *signer, struct derive *derive, struct err *err)
{
	struct forward *forward = calloc(1, sizeof(*forward));

	if (forward == NULL)
		abort();
	forward->settings = *settings;
	forward->derive = derive;
	pthread_mutex_init(&forward->wake_lock, NULL);
	snprintf(forward->prefix, sizeof(forward->prefix), "%s%s.", settings->topic_prefix,
		province);
	destinations_init(&forward->destinations,
		&(struct destinations_settings){
			.prefix = forward->prefix,
			.in_flight = settings->in_flight,
			.retry_ms = settings->retry_ms,
			.retry_most_ms = settings->retry_most_ms > settings->retry_ms
						 ? settings->retry_most_ms
						 : settings->retry_ms,
			.retry_aside_ms = settings->retry_aside_ms,
		});
	name_types(&forward->destinations);
	forward->signer = signer;
	if (!prepare(forward, derive_dir, err)) {
		forward_stop(forward);
		return NULL;
	}
	int failed = pthread_create(&forward->thread, NULL, run, forward);
	if (failed != 0) {
		err_set(err, "starting forward: %s", strerror(failed));
		forward_stop(forward);
		return NULL;
	}
	forward->started = true;
	return forward;
}

struct destinations *forward_destinations(struct forward *forward)
{
	return &forward->destinations;
}

void forward_stop(struct forward *forward)
{
	if (forward == NULL)
		return;
	forward->stopping = true;
	if (forward->started) {
		loop_stop(forward->loop);
		pthread_join(forward->thread, NULL);
	}
	if (forward->self != NULL)
		forward->output->close(forward->self, (uint32_t)forward->settings.drain_ms);
	if (forward->look != NULL)
		event_free(forward->look);
	if (forward->more != NULL)
		event_free(forward->more);
	mailbox_free(forward->wake);
	loop_free(forward->loop);
	outbox_reader_close(forward->reader);
	destinations_done(&forward->destinations);
	pthread_mutex_destroy(&forward->wake_lock);
	free(forward);
}
