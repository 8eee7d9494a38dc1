#include "collector/forward/outputs/kafka_conf.h"

#include <stdio.h>

#include "common/file.h"

enum { TEXT_MAX = 512 };

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

/* ---- properties ------------------------------------------------------------- */

/* What a delivery report means must not depend on them. */
static const struct {
	const char *name, *why;
} refused[] = {
	{"acks", "a message is delivered when all replicas in sync have it"},
	{"request.required.acks", "a message is delivered when all replicas in sync have it"},
	{"enable.idempotence", "without it messages are doubled and change places"},
	{"retries", "a message is tried until delivery-timeout"},
	{"message.send.max.retries", "a message is tried until delivery-timeout"},
	{"delivery.report.only.error", "no message would ever count as delivered"},
	{"transactional.id", "transactions are not used, and nothing could be sent"},
};

static const char *why_refused(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (strcmp(name, refused[i].name) == 0)
			return refused[i].why;
	}
	return NULL;
}

static bool set_property(rd_kafka_conf_t *conf, const char *property, struct err *err)
{
	const char *equals = strchr(property, '=');
	char name[TEXT_MAX];

	if (equals == NULL || (size_t)(equals - property) >= sizeof(name))
		return err_set(err, "forward.kafka: '%s' is not name=value", property);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - property), property);
	const char *why = why_refused(name);
	if (why != NULL)
		return err_set(err, "forward.kafka: %s cannot be changed: %s", name, why);
	return set(conf, name, equals + 1, err);
}

static bool set_properties(
	rd_kafka_conf_t *conf, const struct setting_texts *properties, struct err *err)
{
	for (size_t i = 0; i < properties->n; i++) {
		if (!set_property(conf, properties->items[i], err))
			return false;
	}
	return true;
}

void kafka_conf_check(const struct conf *conf, const struct kafka_settings *settings,
	struct mistakes *mistakes)
{
	const struct setting_texts *properties = &settings->properties;
	struct pos at = conf_at(conf, properties);
	rd_kafka_conf_t *scratch = rd_kafka_conf_new();
	struct err err;

	for (size_t i = 0; i < properties->n; i++) {
		if (!set_property(scratch, properties->items[i], &err))
			mistake_add(mistakes, at, "%s", err.text);
	}
	rd_kafka_conf_destroy(scratch);
}

/* ---- all of it -------------------------------------------------------------- */

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

rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings, struct err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	if (set_all(conf, settings, err))
		return conf;
	rd_kafka_conf_destroy(conf);
	return NULL;
}
