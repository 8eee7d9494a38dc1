/*
 * senders - who sends without being an agent of ours, and whose the records are
 *
 * The listeners and senders of the settings, checked and made into a table. A
 * peer is looked up by where it comes from and, at a listener that asks for
 * certificates, by the name in its own, or by a token that it shows: a sender
 * that has a certificate, or tokens, is known by that alone; of the others, the
 * one with the longest prefix that holds the address. Nobody else is let in, and nothing in a
 * message changes whose it is.
 *
 * A table is immutable and reference counted; a reload makes a new one. Any
 * thread.
 */
#ifndef COLLECTOR_INGEST_SENDERS_H
#define COLLECTOR_INGEST_SENDERS_H

#include "collector/ingest/senders/sender_book.h"
#include "collector/ingest/senders/sender_settings.h"
#include "collector/record/record.h"
#include "common/charset.h"
#include "common/conf.h"
#include "common/netaddr.h"
#include "common/zone.h"

struct senders;

enum { TOKEN_HASH_SIZE = 32 }; /* SHA-256 */

/* One that may send. Lives as long as its table. */
struct sender {
	const char *name;
	const struct netprefix *ranges;
	size_t n_ranges;
	uint32_t listeners;      /* bit number: those it may send to */
	const char *certificate; /* "" = it is known by a token or by its address */
	unsigned char (*tokens)[TOKEN_HASH_SIZE];
	size_t n_tokens;
	uint32_t agency, host;
	bool names_host;
	const uint32_t *hosts; /* these alone; n_hosts 0 = all of its agency */
	size_t n_hosts;
	const struct zone *zone; /* NULL = the province's */
	enum charset charset;
	const char *format; /* "" = the listener's */
	uint32_t connections_max;
	struct sender_state *state;    /* of this name, in the book */
	struct sender_agency *account; /* of its agency, likewise */
};

/* Mistakes that no table of settings can express, each where it was written. */
void sender_settings_check(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes);

/* `settings` passed the check; nothing of them is kept. The caller holds one reference. */
MUST_USE struct senders *senders_new(
	const struct sender_settings *settings, struct sender_book *book);

struct senders *senders_ref(struct senders *senders);
void senders_unref(struct senders *senders); /* NULL is fine */

/* By its address; NULL when it is nobody. `listener`: its number in the settings. */
const struct sender *senders_by_address(
	const struct senders *senders, unsigned listener, const struct netaddr *address);

/* By a name in its certificate as well, in whichever case; a sender's "*.xa.example" is any
 * name with one part more. */
const struct sender *senders_by_certificate(const struct senders *senders, unsigned listener,
	const struct netaddr *address, struct slice name);

/* By the SHA-256 of a token; NULL when it is nobody's. */
const struct sender *senders_by_token(const struct senders *senders, unsigned listener,
	const struct netaddr *address, const unsigned char hash[TOKEN_HASH_SIZE]);

/* The same, wherever it comes from. */
const struct sender *senders_with_token(
	const struct senders *senders, const unsigned char hash[TOKEN_HASH_SIZE]);

/* How well it is known who it is. */
enum identity_strength sender_strength(const struct sender *sender);

/* All, in the order of the settings; `visit` returns false to stop. */
void senders_walk(const struct senders *senders,
	bool (*visit)(void *user, const struct sender *sender), void *user);

/* Could anybody there be a sender, by whichever way? Before its handshake. */
bool senders_may_come(
	const struct senders *senders, unsigned listener, const struct netaddr *address);

#endif
