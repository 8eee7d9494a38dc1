/* pki_run - the functions behind the table of pki.c, and what they share */
#ifndef COLLECTOR_CTL_COMMANDS_PKI_RUN_H
#define COLLECTOR_CTL_COMMANDS_PKI_RUN_H

#include "common/ca.h"
#include "common/cli/arguments.h"

int pki_run_init(const struct arguments *arguments);
int pki_run_issue(const struct arguments *arguments);
int pki_run_revoke(const struct arguments *arguments);
int pki_run_crl(const struct arguments *arguments);
int pki_run_list(const struct arguments *arguments);
int pki_run_show(const struct arguments *arguments);

/* Say why on standard error; return the code. */
int pki_failed(const struct err *err);
int pki_misused(const struct arguments *arguments, const struct err *err);

/* The CA in --dir; a torn record that was cut off is told. */
MUST_USE struct ca *pki_open(
	const struct arguments *arguments, enum ca_mode mode, struct err *err);

/* "valid", "revoked", "expired", "not yet valid" */
const char *pki_state(const struct ca_record *record, int64_t now_ns);

#endif
