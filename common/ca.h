/*
 * ca - a certificate authority in a folder
 *
 *	ca.pem         certificate                                  0644
 *	ca.key         private key, not encrypted: keep it offline  0600
 *	crl.pem        the last CRL made                            0644
 *	issued.jsonl   what was issued and revoked                  0644
 *
 * issued.jsonl holds one JSON object a line and is only appended to: a line
 * when a certificate is made, before it is handed out, and the whole line again
 * with "revoked_at" and "reason" when it is revoked; of several lines with one
 * serial the last counts. A last line without its newline is what a crash left
 * of a certificate nobody got: it is cut off at the next opening for writing.
 *
 *	{"serial":"4f..","profile":"agent","name":"agent-7-42","subject":"web01",
 *	 "names":["URI:urn:soc:agency:7:host:42"],"not_before":"2026-..Z",
 *	 "not_after":"2026-..Z","revoked_at":null,"reason":null}
 *
 * An open CA holds a lock on the file (flock): shared to read, exclusive to
 * write. Not thread-safe.
 */
#ifndef COMMON_CA_H
#define COMMON_CA_H

#include "common/pki.h"

enum { CA_DATABASE_MAX = 256 << 20, CA_NAME_MAX = 96 };

struct ca;

struct ca_record {
	const char *serial;  /* hexadecimal, lower case */
	const char *profile; /* pki_profile_name() */
	const char *name;    /* ca_name() */
	const char *subject; /* common name */
	const char *names;   /* JSON array of alternative names */
	int64_t not_before_ns, not_after_ns;
	int64_t revoked_ns; /* CLOCK_NONE = not revoked */
	const char *reason; /* one of pki_reasons, NULL = not revoked */
};

enum ca_mode {
	CA_READ,  /* certificate and records; the key may be elsewhere */
	CA_WRITE, /* the key too */
};

/*
 * Makes the folder (0700), a P-256 key, the certificate and an empty CRL. Existing files are
 * an error; with `force` they are set aside under the same name with ".old" behind it.
 */
MUST_USE bool ca_create(const char *dir, const char *common_name, uint32_t days, bool force,
	int64_t now_ns, struct err *err);

/* NULL on failure, also when another process holds the lock. */
MUST_USE struct ca *ca_open(const char *dir, enum ca_mode mode, struct err *err);
void ca_close(struct ca *ca);

X509 *ca_cert(const struct ca *ca);

/* Bytes of a torn last line that were cut off when opening; normally 0. */
size_t ca_torn(const struct ca *ca);

/* In the order of issue; valid until the next ca_issue(). */
const struct ca_record *ca_records(const struct ca *ca, size_t *n);

/* The name of what is asked for, good as a file name: "agent-7-42", "collector-hue1",
 * "signer-SoTTTT". */
const char *ca_name(const struct pki_request *request, char out[CA_NAME_MAX]);

/* Makes a certificate and its durable line. NULL on failure; the caller frees. */
MUST_USE X509 *ca_issue(struct ca *ca, EVP_PKEY *subject, const struct pki_request *request,
	int64_t now_ns, struct err *err);

/* Marks certificate number `at` of ca_records() revoked, durably; a CRL is not made yet. */
MUST_USE bool ca_revoke(struct ca *ca, size_t at, int reason, int64_t now_ns, struct err *err);

/*
 * Makes and replaces crl.pem; its number is one more than the last one's. Certificates that
 * expired over 30 days ago are left out.
 */
MUST_USE bool ca_write_crl(struct ca *ca, uint32_t days, int64_t now_ns, struct err *err);

#endif
