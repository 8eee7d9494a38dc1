/*
 * kafka_faults - what a release of librdkafka is known to do wrong
 *
 * Releases with known faults are run with and not refused (design decision
 * 20): what can be worked around is, in kafka.c, and the rest is said when the
 * output is opened, with the cure, before somebody looks for a wrong password.
 */
#ifndef COLLECTOR_FORWARD_OUTPUTS_KAFKA_FAULTS_H
#define COLLECTOR_FORWARD_OUTPUTS_KAFKA_FAULTS_H

/* A release as rd_kafka_version() tells it. */
#define KAFKA_RELEASE(major, minor, patch) ((major) << 24 | (minor) << 16 | (patch) << 8 | 0xff)

struct kafka_fault {
	const char *affects; /* "signing on to Kafka 4 by SCRAM" */
	const char *cure;
};

/* The fault that these properties of a client meet, of `version` (rd_kafka_version());
 * NULL when none is known. */
const struct kafka_fault *kafka_fault_find(
	int version, const char *security_protocol, const char *sasl_mechanism);

#endif
