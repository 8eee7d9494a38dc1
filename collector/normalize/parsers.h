/* parsers - every parser there is, for parsers.c */
#ifndef COLLECTOR_NORMALIZE_PARSERS_H
#define COLLECTOR_NORMALIZE_PARSERS_H

#include "collector/normalize/parser.h"

extern const struct parser parser_rfc5424;
extern const struct parser parser_rfc3164;
extern const struct parser parser_sshd;
extern const struct parser parser_pam;
extern const struct parser parser_sudo;
extern const struct parser parser_sftp;
extern const struct parser parser_login;
extern const struct parser parser_su;
extern const struct parser parser_cron;
extern const struct parser parser_systemd;
extern const struct parser parser_accounts;
extern const struct parser parser_netfilter;
extern const struct parser parser_kernel;
extern const struct parser parser_container;
extern const struct parser parser_gelf;
extern const struct parser parser_squid;
extern const struct parser parser_modsecurity;
extern const struct parser parser_tomcat;
extern const struct parser parser_jboss;
extern const struct parser parser_weblogic;
extern const struct parser parser_traefik;
extern const struct parser parser_caddy;
extern const struct parser parser_envoy;
extern const struct parser parser_bind;
extern const struct parser parser_dnsmasq;
extern const struct parser parser_unbound;
extern const struct parser parser_powerdns;
extern const struct parser parser_windows_dns;
extern const struct parser parser_dhcpd;
extern const struct parser parser_openvpn;
extern const struct parser parser_wireguard;
extern const struct parser parser_ipsec;
extern const struct parser parser_ppp;
extern const struct parser parser_radius;
extern const struct parser parser_ldap;
extern const struct parser parser_samba;
extern const struct parser parser_ftp;
extern const struct parser parser_nextcloud;
extern const struct parser parser_gitlab;
extern const struct parser parser_webapps;
extern const struct parser parser_nginx;
extern const struct parser parser_iis;
extern const struct parser parser_haproxy;
extern const struct parser parser_nginx_error;
extern const struct parser parser_nginx_proxy;
extern const struct parser parser_apache;
extern const struct parser parser_apache_error;
extern const struct parser parser_auditd;
extern const struct parser parser_clamav;
extern const struct parser parser_cef;
extern const struct parser parser_leef;
extern const struct parser parser_laurel;
extern const struct parser parser_windows_json;
extern const struct parser parser_windows_xml;
extern const struct parser parser_snare;
extern const struct parser parser_postfix;
extern const struct parser parser_postgresql;
extern const struct parser parser_mysql;
extern const struct parser parser_mongodb;
extern const struct parser parser_redis;
extern const struct parser parser_dovecot;
extern const struct parser parser_exim;
extern const struct parser parser_osquery;
extern const struct parser parser_cisco_asa;
extern const struct parser parser_cisco_ios;
extern const struct parser parser_suricata;
extern const struct parser parser_snort;
extern const struct parser parser_zeek;
extern const struct parser parser_fortigate;
extern const struct parser parser_antivirus_json;
extern const struct parser parser_json;
extern const struct parser parser_keyvalue;
extern const struct parser parser_yara;
extern const struct parser parser_agent;
extern const struct parser parser_dpkg;
extern const struct parser parser_apt;
extern const struct parser parser_daemons;
extern const struct parser parser_fail2ban;
extern const struct parser parser_leveled;
extern const struct parser parser_mysql_slow;

#endif
