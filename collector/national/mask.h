/*
 * mask - no names of persons in what leaves the province
 *
 * Paths of files carry names of users (Nghị định 356/2025/NĐ-CP art. 3: digital
 * accounts), numbers of identity cards and telephones, addresses of mailboxes.
 * With a key a name becomes a token that is the same for the same name
 * ("u-5f0c..", HMAC-SHA256), so that a receiver can still see that two files
 * are one person's; without a key every name becomes "user". Numbers of 9 to
 * 12 digits become "#", whatever they count.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NATIONAL_MASK_H
#define COLLECTOR_NATIONAL_MASK_H

#include "collector/national/profile.h"

/* Appends a path of Unix or Windows, masked: the folder below home, Users, Documents and
 * Settings, export/home, var/mail, var/spool/mail and var/spool/cron/crontabs, digits, and
 * what stands before an '@'. */
void mask_path(const struct national_profile *profile, struct slice path, struct strbuf *out);

#endif
