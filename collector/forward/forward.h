/*
 * forward - the outbox, row by row, to the output
 *
 * A thread of its own reads unsent rows over a read-only connection, lets the
 * signer sign what needs a detached JWS, and hands them to the output. Only
 * the delivery report marks a row sent (derive_mark_sent); a crash between
 * sending and the report sends the same key and revision again. The output
 * being down for a day disturbs nobody: rows wait in the outbox. Each type of
 * message goes on by itself (destinations.h).
 */
#ifndef COLLECTOR_FORWARD_FORWARD_H
#define COLLECTOR_FORWARD_FORWARD_H

#include "collector/derive/derive.h"
#include "collector/derive/outbox.h"
#include "common/conf.h"

struct kafka_settings {
	const char *brokers;
	const char *client_id;
	int security; /* 0 plaintext, 1 ssl, 2 sasl_plaintext, 3 sasl_ssl */
	const char *ca, *certificate, *key;
	int sasl_mechanism; /* 0 PLAIN, 1 SCRAM-SHA-256, 2 SCRAM-SHA-512 */
	const char *sasl_user, *sasl_password_file;
	int compression; /* 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd */
	uint64_t delivery_ms;
	uint64_t message_max;            /* bytes */
	struct setting_texts properties; /* "name=value" for librdkafka, over most others */
};

struct file_output_settings {
	const char *dir;
};

struct forward_settings {
	int output;               /* number in outputs[] */
	const char *topic_prefix; /* "soc." */
	uint32_t in_flight;       /* rows of a type taken by the output and not reported */
	uint64_t retry_ms;        /* of a type, after its first failure ... */
	uint64_t retry_most_ms;   /* ... and at most, after more */
	uint64_t retry_aside_ms;  /* of one that fails by itself, and was set aside */
	uint64_t drain_ms;        /* at the end */
	struct kafka_settings kafka;
	struct file_output_settings file;
};

extern const struct setting forward_settings_table[];

/* What the table cannot say of them: mistakes where `conf` that filled them has it. */
void forward_settings_check(const struct conf *conf, const struct forward_settings *settings,
	struct mistakes *mistakes);

/* Whether messages go into files of settings->file.dir. */
bool forward_writes_files(const struct forward_settings *settings);

struct destinations;
struct forward;
struct signer;

/* `province` is the level-1 code in topics: "H47". `signer` is borrowed. NULL on failure. */
MUST_USE struct forward *forward_start(const struct forward_settings *settings,
	const char *derive_dir, const char *province, struct signer *signer,
	struct derive *derive, struct err *err);

/* Waits for reports at most settings->drain_ms; derive must still run. NULL is fine. */
void forward_stop(struct forward *forward);

/* New rows stand in the outbox. Any thread. */
void forward_wake(struct forward *forward);

/* For destinations_walk(). */
struct destinations *forward_destinations(struct forward *forward);

#endif
