/*
 * http_credentials - the token in a field Authorization
 *
 *	Bearer TOKEN               RFC 6750
 *	Basic base64(user:TOKEN)   RFC 7617; the user is not looked at
 *	ApiKey base64(id:TOKEN)    Elasticsearch; the id is not looked at
 *	Splunk TOKEN               the HTTP event collector
 *
 * Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_HTTP_CREDENTIALS_H
#define COLLECTOR_INGEST_HTTP_CREDENTIALS_H

#include "collector/ingest/senders/senders.h"

/* The SHA-256 of it; false: there is none in it. */
MUST_USE bool http_token_hash(struct slice authorization, unsigned char hash[TOKEN_HASH_SIZE]);

#endif
