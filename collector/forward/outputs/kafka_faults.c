#include "collector/forward/outputs/kafka_faults.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/*
 * Before 2.6.1 the client's nonce stands twice in its last message of SCRAM.
 * Kafka 3.8.1 to 3.9 let that pass on purpose, Kafka 4 compares as RFC 5802
 * section 5.1 says, and answers as if the password were wrong.
 */
static const struct kafka_fault scram_nonce = {
	.affects =
		"Kafka 4 refuses its SCRAM as if the password were wrong, Kafka 3.9 does not",
	.cure = "librdkafka 2.6.1 or newer, or sasl-mechanism PLAIN with security sasl-ssl, "
		"or a client certificate with security ssl",
};

static bool starts_with(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

const struct kafka_fault *kafka_fault_find(
	int version, const char *security_protocol, const char *sasl_mechanism)
{
	if (version < KAFKA_RELEASE(2, 6, 1) && starts_with(security_protocol, "sasl_") &&
		starts_with(sasl_mechanism, "SCRAM-"))
		return &scram_nonce;
	return NULL;
}
