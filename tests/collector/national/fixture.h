/*
 * fixture - a signer process with keys of a CA made on the spot
 *
 *	struct fixture fixture;
 *	fixture_start(&fixture, SIGNER_ES256);
 *	... fixture.signer, fixture.ca_file ...
 *	fixture_stop(&fixture);
 */
#ifndef TESTS_COLLECTOR_NATIONAL_FIXTURE_H
#define TESTS_COLLECTOR_NATIONAL_FIXTURE_H

#include <sys/types.h>

#include "collector/signer/signer.h"
#include "common/pki.h"

enum { FIXTURE_PATH_MAX = 96, FIXTURE_TIMEOUT_MS = 20000 };

struct fixture {
	char dir[48];
	char ca_file[FIXTURE_PATH_MAX];
	char other_ca_file[FIXTURE_PATH_MAX]; /* an authority that issued nothing here */
	char jws_key[FIXTURE_PATH_MAX], jws_certificate[FIXTURE_PATH_MAX];
	char xml_key[FIXTURE_PATH_MAX], xml_certificate[FIXTURE_PATH_MAX];
	EVP_PKEY *ca_key;
	X509 *ca;
	pid_t pid;
	int channel[2];
	struct signer *signer;
};

/* With the JWS key of the algorithm; the XML key is RSA. */
void fixture_start(struct fixture *fixture, enum signer_algorithm algorithm);
void fixture_stop(struct fixture *fixture);

/* A key of the profile below the CA: files DIR/NAME.key and .crt; returns the certificate's
 * path. `days` 0: expired an hour ago. */
void fixture_issue(struct fixture *fixture, enum pki_profile profile, enum pki_key type,
	uint32_t days, char *key_file, char *certificate_file);

/* In place of the signer: a process that shows its certificates and signs with zeros. */
void fixture_be_false(struct fixture *fixture, enum signer_algorithm algorithm);

/* The signer takes the pair from now on (by a new process). */
void fixture_restart(struct fixture *fixture, enum signer_algorithm algorithm);

#endif
