/*
 * kafka - national messages through librdkafka
 *
 * Idempotent producer, acks=all. librdkafka's queue is no store: a message is
 * sent when its delivery report says so, not before (every peer lost data
 * there). Known traps of 2.0.2: the return of producev() is always looked at;
 * client.id is kept short; a fatal error of the idempotent producer is cured
 * by a new producer, and what was in flight is offered again from the outbox.
 */
#include "collector/forward/outputs/outputs.h"

#include <event2/event.h>
#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/forward/forward.h"
#include "collector/forward/outputs/kafka_conf.h"
#include "collector/forward/outputs/kafka_faults.h"
#include "common/counter.h"
#include "common/log.h"

enum { DETAIL_MAX = 160, TEXT_MAX = 512, PURGE_MS = 5000 };

static struct counter produced = COUNTER("kafka.produced", "messages given to librdkafka");
static struct counter delivered = COUNTER("kafka.delivered", "messages brokers acknowledged");
static struct counter failed =
	COUNTER("kafka.failed", "messages that were not delivered in time");
static struct counter renewed =
	COUNTER("kafka.producers_renewed", "producers replaced after a fatal error");

struct kafka {
	const struct forward_settings *settings;
	struct output_events events;
	rd_kafka_t *producer;
	int wake[2]; /* librdkafka writes when its main queue is no longer empty */
	struct event *on_wake;
	bool was_busy, is_down;
	bool is_fatal; /* the producer: to be replaced */
	bool is_gone;  /* no producer could be made */
};

/* ---- callbacks, within rd_kafka_poll() -------------------------------------- */

static bool is_for_good(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_MSG:
	case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
		return true;
	default:
		return false;
	}
}

/* What a broker answers when all messages of the topic fare alike, or it would take this one
 * elsewhere or later. Whatever else it answers is about the message. */
static bool is_of_the_topic(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
	case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
	case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
	case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP: /* a clock is wrong: see kafka_send() */
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
	case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
	case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
	case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
	case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
	case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
	case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
		return true;
	default:
		return code < 0 && code != RD_KAFKA_RESP_ERR_UNKNOWN; /* librdkafka's own */
	}
}

static enum output_failure failure_of(rd_kafka_resp_err_t code)
{
	if (is_for_good(code))
		return FAILED_FOR_GOOD;
	return is_of_the_topic(code) ? FAILED_TOPIC : FAILED_ITSELF;
}

/* All topics wait, not this one alone. */
static bool is_of_the_producer(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__QUEUE_FULL || code == RD_KAFKA_RESP_ERR__FATAL;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *user)
{
	struct kafka *kafka = user;
	int64_t number = (int64_t)(intptr_t)message->_private;
	char where[DETAIL_MAX];

	(void)producer;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		counter_add(&delivered, 1);
		snprintf(where, sizeof(where), "%s/%d/%lld", rd_kafka_topic_name(message->rkt),
			message->partition, (long long)message->offset);
		kafka->events.delivered(
			kafka->events.user, rd_kafka_topic_name(message->rkt), number, where);
		return;
	}
	counter_add(&failed, 1);
	kafka->events.failed(kafka->events.user, rd_kafka_topic_name(message->rkt), number,
		failure_of(message->err), rd_kafka_err2str(message->err));
}

static void on_error(rd_kafka_t *producer, int code, const char *why, void *user)
{
	struct kafka *kafka = user;
	char text[TEXT_MAX];

	if (code == RD_KAFKA_RESP_ERR__FATAL) {
		rd_kafka_fatal_error(producer, text, sizeof(text));
		log_error("kafka.fatal", "reason=%s, a new producer follows",
			LOG_TEXT(slice_str(text)));
		kafka->is_fatal = true;
		return;
	}
	if (!kafka->is_down)
		log_warn("kafka.trouble", "reason=%s, messages wait in the outbox",
			LOG_TEXT(slice_str(why)));
	kafka->is_down = true;
}

static void on_log(
	const rd_kafka_t *producer, int level, const char *facility, const char *text)
{
	(void)producer;
	if (level <= 3)
		log_warn("kafka.library", "facility=%s text=%s", facility,
			LOG_TEXT(slice_str(text)));
}

/* ---- producer --------------------------------------------------------------- */

static rd_kafka_t *make_producer(struct kafka *kafka, struct err *err)
{
	rd_kafka_conf_t *conf = kafka_conf_new(&kafka->settings->kafka, err);
	char why[TEXT_MAX];

	if (conf == NULL)
		return NULL;
	rd_kafka_conf_set_opaque(conf, kafka);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (producer == NULL) {
		rd_kafka_conf_destroy(conf);
		err_set(err, "forward.kafka: %s", why);
	}
	return producer;
}

static bool start_producer(struct kafka *kafka, struct err *err)
{
	kafka->producer = make_producer(kafka, err);
	if (kafka->producer == NULL)
		return false;
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(kafka->producer);
	rd_kafka_queue_io_event_enable(queue, kafka->wake[1], "1", 1);
	rd_kafka_queue_destroy(queue);
	/* It writes when the queue stops being empty: a first error is already in it, and
	 * there would never be a second call. */
	(void)!write(kafka->wake[1], "1", 1);
	kafka->is_fatal = false;
	return true;
}

/* What is in its queue is reported failed, and offered again by the outbox. */
static void end_producer(struct kafka *kafka)
{
	if (kafka->producer == NULL)
		return;
	rd_kafka_purge(kafka->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(kafka->producer, PURGE_MS);
	rd_kafka_destroy(kafka->producer);
	kafka->producer = NULL;
}

/* A key that cannot be read just now must not end the feed: each time a message is offered,
 * that is every few seconds, it is tried again. */
static bool has_producer(struct kafka *kafka)
{
	struct err err;

	if (kafka->producer != NULL)
		return true;
	if (start_producer(kafka, &err)) {
		counter_add(&renewed, 1);
		log_info("kafka.renewed", "producer=%s", rd_kafka_name(kafka->producer));
		kafka->is_gone = false;
		return true;
	}
	if (!kafka->is_gone)
		log_error("kafka.renew", "reason=%s, it is tried again",
			LOG_TEXT(slice_str(err.text)));
	kafka->is_gone = true;
	return false;
}

static void renew_if_fatal(struct kafka *kafka)
{
	if (!kafka->is_fatal)
		return;
	kafka->is_fatal = false;
	end_producer(kafka);
	(void)has_producer(kafka);
}

static void serve(struct kafka *kafka)
{
	if (kafka->producer != NULL)
		rd_kafka_poll(kafka->producer, 0);
	renew_if_fatal(kafka);
	if (kafka->was_busy) {
		kafka->was_busy = false;
		kafka->events.room(kafka->events.user);
	}
}

/* The pipe is emptied first: what comes in meanwhile writes into it again. */
static void on_wake(evutil_socket_t fd, short what, void *user)
{
	char bytes[64];

	(void)what;
	while (read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		;
	serve(user);
}

/* ---- the output ------------------------------------------------------------- */

static void kafka_close(void *self, uint32_t timeout_ms)
{
	struct kafka *kafka = self;

	if (kafka->producer != NULL) {
		rd_kafka_flush(kafka->producer, (int)timeout_ms);
		end_producer(kafka);
	}
	if (kafka->on_wake != NULL)
		event_free(kafka->on_wake);
	if (kafka->wake[0] >= 0) {
		close(kafka->wake[0]);
		close(kafka->wake[1]);
	}
	free(kafka);
}

static bool prepare(struct kafka *kafka, struct event_base *base, struct err *err)
{
	if (pipe2(kafka->wake, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_sys(err, "creating a pipe");
	kafka->on_wake = event_new(base, kafka->wake[0], EV_READ | EV_PERSIST, on_wake, kafka);
	if (kafka->on_wake == NULL || event_add(kafka->on_wake, NULL) != 0)
		return err_set(err, "creating kafka's event");
	return start_producer(kafka, err);
}

/* An operator who reads "authentication failed" would look for a wrong password. */
static void warn_of_faults(const rd_kafka_conf_t *conf)
{
	char protocol[TEXT_MAX] = "", mechanism[TEXT_MAX] = "";
	size_t protocol_size = sizeof(protocol), mechanism_size = sizeof(mechanism);
	const struct kafka_fault *fault;

	(void)rd_kafka_conf_get(conf, "security.protocol", protocol, &protocol_size);
	(void)rd_kafka_conf_get(conf, "sasl.mechanism", mechanism, &mechanism_size);
	fault = kafka_fault_find(rd_kafka_version(), protocol, mechanism);
	if (fault != NULL)
		log_warn("kafka.library_fault",
			"librdkafka=%s mechanism=%s affects=\"%s\" cure=\"%s\"",
			rd_kafka_version_str(), mechanism, fault->affects, fault->cure);
}

static void *kafka_open(const struct forward_settings *settings, struct event_base *base,
	const struct output_events *events, struct err *err)
{
	struct kafka *kafka = calloc(1, sizeof(*kafka));

	if (kafka == NULL)
		abort();
	kafka->settings = settings;
	kafka->events = *events;
	kafka->wake[0] = kafka->wake[1] = -1;
	if (prepare(kafka, base, err)) {
		warn_of_faults(rd_kafka_conf(kafka->producer));
		return kafka;
	}
	kafka_close(kafka, 0);
	return NULL;
}

static rd_kafka_headers_t *make_headers(const struct output_message *message)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(message->n_headers);

	for (unsigned i = 0; i < message->n_headers; i++)
		rd_kafka_header_add(headers, message->headers[i].name, -1,
			message->headers[i].value.ptr, (ssize_t)message->headers[i].value.len);
	return headers;
}

/* Its stamp is when it is offered, which librdkafka sets: brokers refuse what was made while
 * the clock was ahead (message.timestamp.after.max.ms), and take what waited long for old and
 * remove it. When it was made stands in the body. */
static enum send_result kafka_send(
	void *self, const struct output_message *message, struct err *err)
{
	struct kafka *kafka = self;

	if (!has_producer(kafka))
		return SEND_BUSY;

	rd_kafka_headers_t *headers = make_headers(message);
	rd_kafka_resp_err_t code = rd_kafka_producev(kafka->producer,
		RD_KAFKA_V_TOPIC(message->topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_KEY((void *)(uintptr_t)message->key.ptr, message->key.len),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)message->body.ptr, message->body.len),
		RD_KAFKA_V_HEADERS(headers),
		RD_KAFKA_V_OPAQUE((void *)(intptr_t)message->number), RD_KAFKA_V_END);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		counter_add(&produced, 1);
		kafka->is_down = false;
		return SEND_TAKEN;
	}
	rd_kafka_headers_destroy(headers);
	err_set(err, "%s", rd_kafka_err2str(code));
	if (is_for_good(code))
		return SEND_REFUSED;
	if (!is_of_the_producer(code))
		return SEND_LATER;
	/* Renewed from the loop: what fails by it is reported to who is just sending. */
	kafka->is_fatal |= code == RD_KAFKA_RESP_ERR__FATAL;
	if (kafka->is_fatal)
		event_active(kafka->on_wake, EV_READ, 0);
	kafka->was_busy = true;
	return SEND_BUSY;
}

static void kafka_check(const struct conf *conf, const struct forward_settings *settings,
	struct mistakes *mistakes)
{
	kafka_conf_check(conf, &settings->kafka, mistakes);
}

const struct output output_kafka = {
	.name = "kafka",
	.summary = "Apache Kafka 2.1 or newer, TLS and SASL",
	.check = kafka_check,
	.open = kafka_open,
	.send = kafka_send,
	.close = kafka_close,
};
