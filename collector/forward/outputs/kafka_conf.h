/*
 * kafka_conf - our settings as librdkafka's configuration
 *
 * Idempotent, acks=all: a delivery report is worth something only with both,
 * so that properties of the operator cannot take them away. Private to
 * outputs/. Any thread.
 */
#ifndef COLLECTOR_FORWARD_OUTPUTS_KAFKA_CONF_H
#define COLLECTOR_FORWARD_OUTPUTS_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "collector/forward/forward.h"
#include "common/conf.h"

/* NULL on failure. The caller owns it; rd_kafka_new() takes it. */
MUST_USE rd_kafka_conf_t *kafka_conf_new(
	const struct kafka_settings *settings, struct err *err);

/* Properties that librdkafka does not know, and those that may not be changed, as mistakes
 * where `settings`, filled by `conf`, was written. */
void kafka_conf_check(const struct conf *conf, const struct kafka_settings *settings,
	struct mistakes *mistakes);

#endif
