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
#include "collector/forward/outputs/kafka_faults.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/file.h"
#include "common/log.h"

enum { DETAIL_MAX = 160, TEXT_MAX = 512 };

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
	bool was_busy, is_fatal, is_down;
};

/* ---- configuration ---------------------------------------------------------- */

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *err)
{
	char why[TEXT_MAX];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		return err_set(err, "forward.kafka: %s", why);
	return true;
}

static bool set_if(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *err)
{
	return value[0] == '\0' || set(conf, name, value, err);
}

static bool set_number(rd_kafka_conf_t *conf, const char *name, uint64_t value, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return set(conf, name, text, err);
}

static bool set_password(rd_kafka_conf_t *conf, const char *path, struct err *err)
{
	struct strbuf text = STRBUF_INIT(4096);
	struct slice rest, line;

	if (path[0] == '\0')
		return true;
	bool ok = file_read(path, &text, err);
	if (ok) {
		rest = strbuf_slice(&text);
		(void)slice_cut(&rest, '\n', &line);
		strbuf_cut(&text, line.len);
		ok = set(conf, "sasl.password", strbuf_cstr(&text), err);
	}
	if (text.ptr != NULL)
		explicit_bzero(text.ptr, text.capacity);
	strbuf_done(&text);
	return ok;
}

static bool set_security(
	rd_kafka_conf_t *conf, const struct kafka_settings *settings, struct err *err)
{
	static const char *const protocols[] = {
		"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
	static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

	if (!set(conf, "security.protocol", protocols[settings->security], err) ||
		!set_if(conf, "ssl.ca.location", settings->ca, err) ||
		!set_if(conf, "ssl.certificate.location", settings->certificate, err) ||
		!set_if(conf, "ssl.key.location", settings->key, err))
		return false;
	return settings->security < 2 ||
	       (set(conf, "sasl.mechanism", mechanisms[settings->sasl_mechanism], err) &&
		       set_if(conf, "sasl.username", settings->sasl_user, err) &&
		       set_password(conf, settings->sasl_password_file, err));
}

static bool set_properties(
	rd_kafka_conf_t *conf, const struct setting_texts *properties, struct err *err)
{
	for (size_t i = 0; i < properties->n; i++) {
		char name[TEXT_MAX];
		const char *equals = strchr(properties->items[i], '=');

		if (equals == NULL || (size_t)(equals - properties->items[i]) >= sizeof(name))
			return err_set(err, "forward.kafka.properties: '%s' is not name=value",
				properties->items[i]);
		snprintf(name, sizeof(name), "%.*s", (int)(equals - properties->items[i]),
			properties->items[i]);
		if (!set(conf, name, equals + 1, err))
			return false;
	}
	return true;
}

static bool set_all(
	rd_kafka_conf_t *conf, const struct kafka_settings *settings, struct err *err)
{
	static const char *const compressions[] = {"none", "gzip", "snappy", "lz4", "zstd"};

	return set(conf, "bootstrap.servers", settings->brokers, err) &&
	       set(conf, "client.id", settings->client_id, err) &&
	       set(conf, "enable.idempotence", "true", err) && set(conf, "acks", "all", err) &&
	       set(conf, "compression.codec", compressions[settings->compression], err) &&
	       set(conf, "linger.ms", "20", err) &&
	       set(conf, "log.connection.close", "false", err) &&
	       set_number(conf, "message.max.bytes", settings->message_max, err) &&
	       set_number(conf, "delivery.timeout.ms", settings->delivery_ms, err) &&
	       set_security(conf, settings, err) &&
	       set_properties(conf, &settings->properties, err);
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

/* ---- callbacks, within rd_kafka_poll() -------------------------------------- */

static bool is_for_good(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_MSG:
	case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
		return true;
	default:
		return false;
	}
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
		kafka->events.delivered(kafka->events.user, number, where);
		return;
	}
	counter_add(&failed, 1);
	kafka->events.failed(kafka->events.user, number, is_for_good(message->err),
		rd_kafka_err2str(message->err));
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

static bool start_producer(struct kafka *kafka, struct err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[TEXT_MAX];

	rd_kafka_conf_set_opaque(conf, kafka);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	if (!set_all(conf, &kafka->settings->kafka, err)) {
		rd_kafka_conf_destroy(conf);
		return false;
	}
	kafka->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (kafka->producer == NULL) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, "forward.kafka: %s", why);
	}
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
	rd_kafka_purge(kafka->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(kafka->producer, 100);
	rd_kafka_destroy(kafka->producer);
	kafka->producer = NULL;
}

static void renew_if_fatal(struct kafka *kafka)
{
	struct err err;

	if (!kafka->is_fatal)
		return;
	counter_add(&renewed, 1);
	end_producer(kafka);
	if (!start_producer(kafka, &err))
		log_error("kafka.renew", "reason=\"%s\"", err.text);
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

static enum send_result kafka_send(
	void *self, const struct output_message *message, struct err *err)
{
	struct kafka *kafka = self;

	if (kafka->producer == NULL)
		return SEND_BUSY;

	rd_kafka_headers_t *headers = make_headers(message);
	rd_kafka_resp_err_t code = rd_kafka_producev(kafka->producer,
		RD_KAFKA_V_TOPIC(message->topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_KEY((void *)(uintptr_t)message->key.ptr, message->key.len),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)message->body.ptr, message->body.len),
		RD_KAFKA_V_TIMESTAMP(message->created_ns / CLOCK_NS_PER_MS),
		RD_KAFKA_V_HEADERS(headers),
		RD_KAFKA_V_OPAQUE((void *)(intptr_t)message->number), RD_KAFKA_V_END);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		counter_add(&produced, 1);
		kafka->is_down = false;
		return SEND_TAKEN;
	}
	rd_kafka_headers_destroy(headers);
	if (is_for_good(code)) {
		err_set(err, "%s", rd_kafka_err2str(code));
		return SEND_REFUSED;
	}
	kafka->was_busy = true;
	return SEND_BUSY;
}

const struct output output_kafka = {
	.name = "kafka",
	.summary = "Apache Kafka 2.1 or newer, TLS and SASL",
	.open = kafka_open,
	.send = kafka_send,
	.close = kafka_close,
};
