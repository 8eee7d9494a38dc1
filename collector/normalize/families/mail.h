/*
 * mail - what mail servers say alike: Postfix, Exim, Dovecot
 *
 * Log-ins, messages that come, go, are refused. Whatever server says it, a rule of classes or a
 * search finds it under one action.
 *
 * Any thread; constants.
 */
#ifndef COLLECTOR_NORMALIZE_MAIL_H
#define COLLECTOR_NORMALIZE_MAIL_H

#include "collector/normalize/text/extract.h"

/* Of a message: ECS expects no other type than "info" of the category. */
#define MAIL(name)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_EMAIL}, .type = { ECS_INFO }   \
	}
#define MAIL_WITH(result, name)                                                                \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_EMAIL}, .type = {ECS_INFO},    \
		.outcome = {                                                                   \
			result                                                                 \
		}                                                                              \
	}

/* SMTP AUTH, and the log-in to a mailbox. */
extern const struct meaning smtp_login, smtp_login_failed;
extern const struct meaning mailbox_login, mailbox_login_failed;

/* The other side went away in the middle of it. */
extern const struct meaning smtp_connection_lost;

extern const struct meaning mail_received, mail_rejected, mail_removed, mail_delivered;
extern const struct meaning mail_noted; /* of a message, in words nobody knows */

#endif
