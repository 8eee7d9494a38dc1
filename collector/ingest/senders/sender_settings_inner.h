/*
 * sender_settings_inner - how what is written of senders is read, by its check and by senders.c
 *
 * Private to sender_checks.c, sender_claims.c and senders.c. Any thread.
 */
#ifndef COLLECTOR_INGEST_SENDER_SETTINGS_INNER_H
#define COLLECTOR_INGEST_SENDER_SETTINGS_INNER_H

#include "collector/ingest/senders/sender_settings.h"
#include "common/conf.h"
#include "common/mistakes.h"

static inline const struct written_listener *listeners_of(
	const struct sender_settings *settings)
{
	return settings->listeners.items;
}

static inline const struct written_sender *senders_of(const struct sender_settings *settings)
{
	return settings->senders.items;
}

/* Bit i: the listener of number i. No names are all listeners; unknown ones are left out. */
uint32_t sender_listeners(
	const struct sender_settings *settings, const struct setting_texts *names);

/* SHA-256 as hexadecimal digits. */
MUST_USE bool sender_token_is_hash(const char *text);

/* 1..UINT32_MAX. */
MUST_USE bool sender_host_number(const char *text, uint32_t *host);

/* Part of sender_settings_check(): what two senders claim that only one can have. */
void sender_claims_check(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes);

#endif
