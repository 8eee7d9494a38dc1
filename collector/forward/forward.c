#include "collector/forward/forward.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/forward/output.h"
#include "collector/national/jws.h"
#include "collector/signer/signer.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mailbox.h"

enum { TOPIC_MAX = 200, SIGN_TIMEOUT_MS = 3000, LOOK_S = 2 };

static struct counter sent = COUNTER("forward.sent", "national messages delivered");
static struct counter refused =
	COUNTER("forward.refused", "national messages refused for good");
static struct counter retried =
	COUNTER("forward.retried", "national messages offered again after a failure");
static struct counter unsigned_rows = COUNTER(
	"forward.unsigned", "times a message waited because the signer gave no signature");

struct forward {
	struct forward_settings settings;
	char topic_head[TOPIC_MAX / 2]; /* "soc.H47." */
	const struct output *output;
	void *self; /* the output's */
	struct outbox_reader *reader;
	struct signer *signer;
	struct derive *derive;

	pthread_t thread;
	bool started, busy;
	atomic_bool stopping; /* ends offering between two rows: a backlog may take minutes */
	struct loop *loop;
	struct mailbox *wake;
	struct mail wake_mail;
	pthread_mutex_t wake_lock;
	bool wake_is_out;
	struct event *look;
	struct timeval retry;

	int64_t after; /* rows up to here were offered */
	unsigned in_flight;
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

static enum send_result send_row(struct forward *forward, const struct outbox_message *row,
	struct slice jws, struct err *err)
{
	char topic[TOPIC_MAX], revision[24], sha256[65];
	struct output_message message = {
		.number = row->row,
		.topic = topic,
		.key = row->key,
		.body = row->body,
		.created_ns = row->created_ns,
	};

	snprintf(topic, sizeof(topic), "%s%.*s.v1", forward->topic_head, SLICE_FMT(row->type));
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

static bool sign(struct forward *forward, const struct outbox_message *row, struct strbuf *jws)
{
	struct err err;

	if (!row->needs_jws)
		return true;
	if (jws_sign(forward->signer, row->body, SIGN_TIMEOUT_MS, jws, &err))
		return true;
	counter_add(&unsigned_rows, 1);
	log_warn("forward.unsigned", "row=%lld reason=\"%s\", it waits", (long long)row->row,
		err.text);
	return false;
}

static void report_refused(struct forward *forward, int64_t row, const char *why)
{
	counter_add(&refused, 1);
	log_error("forward.refused", "row=%lld reason=%s", (long long)row,
		LOG_TEXT(slice_str(why)));
	derive_mark_sent(forward->derive, row, false, why);
}

/* False: stop offering for now. */
static bool offer(struct forward *forward, const struct outbox_message *row)
{
	struct strbuf jws = STRBUF_INIT(16 * 1024);
	struct err err;
	bool go_on = sign(forward, row, &jws);

	if (go_on) {
		forward->in_flight++; /* before sending: an output may report at once */
		forward->after = row->row;
		switch (send_row(forward, row, strbuf_slice(&jws), &err)) {
		case SEND_TAKEN:
			break;
		case SEND_BUSY:
			forward->in_flight--;
			forward->after = row->row - 1;
			forward->busy = true;
			go_on = false;
			break;
		case SEND_REFUSED:
			forward->in_flight--;
			report_refused(forward, row->row, err.text);
			break;
		}
	}
	strbuf_done(&jws);
	return go_on;
}

static void offer_rows(struct forward *forward)
{
	struct outbox_message row;
	struct err err;
	bool go_on = true;

	while (go_on && !forward->stopping && !forward->busy &&
		forward->in_flight < forward->settings.in_flight) {
		int found = outbox_reader_next(forward->reader, forward->after, &row, &err);

		if (found < 0)
			log_error("forward.outbox", "reason=\"%s\"", err.text);
		if (found <= 0)
			break;
		go_on = offer(forward, &row);
	}
	outbox_reader_rest(forward->reader);
}

/* ---- reports ---------------------------------------------------------------- */

static void on_delivered(void *user, int64_t number, const char *where)
{
	struct forward *forward = user;

	forward->in_flight--;
	counter_add(&sent, 1);
	derive_mark_sent(forward->derive, number, true, where);
}

static void on_failed(void *user, int64_t number, bool for_good, const char *why)
{
	struct forward *forward = user;

	forward->in_flight--;
	if (for_good) {
		report_refused(forward, number, why);
		return;
	}
	counter_add(&retried, 1);
	/* Rows sent meanwhile may be offered again: the receiver keeps one of each revision. */
	if (number <= forward->after)
		forward->after = number - 1;
	forward->busy = true; /* until the retry timer */
	event_add(forward->look, &forward->retry);
}

static void on_room(void *user)
{
	struct forward *forward = user;

	forward->busy = false;
	offer_rows(forward);
}

static void on_look(evutil_socket_t fd, short what, void *user)
{
	static const struct timeval often = {.tv_sec = LOOK_S};
	struct forward *forward = user;

	(void)fd;
	(void)what;
	forward->busy = false;
	offer_rows(forward);
	if (!evtimer_pending(forward->look, NULL))
		event_add(forward->look, &often);
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
	static const struct timeval soon = {.tv_usec = 1000};
	const struct output_events events = {on_delivered, on_failed, on_room, forward};
	struct event_base *base;

	forward->loop = loop_new(err);
	if (forward->loop == NULL)
		return false;
	base = loop_base(forward->loop);
	forward->wake = mailbox_new(base, on_wake, forward, err);
	forward->look = event_new(base, -1, 0, on_look, forward);
	if (forward->wake == NULL)
		return false;
	if (forward->look == NULL || event_add(forward->look, &soon) != 0)
		return err_set(err, "creating forward's timer");
	forward->reader = outbox_reader_open(derive_dir, err);
	if (forward->reader == NULL)
		return false;
	forward->output = outputs[forward->settings.output];
	forward->self = forward->output->open(&forward->settings, base, &events, err);
	return forward->self != NULL;
}

struct forward *forward_start(const struct forward_settings *settings, const char *derive_dir,
	const char *province, struct signer *signer, struct derive *derive, struct err *err)
{
	struct forward *forward = calloc(1, sizeof(*forward));

	if (forward == NULL)
		abort();
	forward->settings = *settings;
	forward->derive = derive;
	forward->retry = (struct timeval){
		.tv_sec = (time_t)(settings->retry_ms / 1000),
		.tv_usec = (suseconds_t)(settings->retry_ms % 1000 * 1000),
	};
	pthread_mutex_init(&forward->wake_lock, NULL);
	snprintf(forward->topic_head, sizeof(forward->topic_head), "%s%s.",
		settings->topic_prefix, province);
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
	mailbox_free(forward->wake);
	loop_free(forward->loop);
	outbox_reader_close(forward->reader);
	pthread_mutex_destroy(&forward->wake_lock);
	free(forward);
}
