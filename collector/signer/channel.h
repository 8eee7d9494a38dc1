/*
 * channel - the datagrams between the signer and its clients
 *
 * SOCK_SEQPACKET keeps their bounds. Both ends are the same program of the
 * same build, so structs travel as they are. Private to signer/.
 */
#ifndef COLLECTOR_SIGNER_CHANNEL_H
#define COLLECTOR_SIGNER_CHANNEL_H

#include <stdint.h>

#include "collector/signer/signer.h"

enum { CHANNEL_VERSION = 1 };

enum channel_ask { ASK_SIGN = 1, ASK_CERTIFICATE = 2 };

enum channel_answer {
	ANSWER_OK = 0,
	ANSWER_BAD_REQUEST = 1,
	ANSWER_NO_KEY = 2,
	ANSWER_FAILED = 3,    /* OpenSSL refused */
	ANSWER_NOT_VALID = 4, /* the certificate has expired, or is not valid yet */
};

struct channel_request {
	uint32_t version;
	uint32_t ask; /* enum channel_ask */
	uint64_t id;  /* comes back with the answer */
	uint32_t key; /* enum signer_key */
	uint32_t zero;
	unsigned char digest[SIGNER_DIGEST_SIZE];
};

struct channel_reply {
	uint64_t id;
	uint32_t answer;    /* enum channel_answer */
	uint32_t algorithm; /* enum signer_algorithm */
	uint32_t len;       /* of bytes */
	uint32_t zero;
	unsigned char bytes[SIGNER_CERTIFICATE_MAX]; /* signature or certificate (DER) */
};

#endif
