<#
.SYNOPSIS
    Switches on what the subscriptions of configs/wef ask for: without it the events do not exist.

.DESCRIPTION
    Run once as administrator, or as a start-up script of a GPO. Subcategories are named by their GUID,
    which is the same in every language of Windows ([MS-GPAC] 2.2.1.2). Nothing is switched off.

.PARAMETER DomainController
    Also what only domain controllers have: Kerberos, the directory.
#>
#Requires -RunAsAdministrator
[CmdletBinding()]
param([switch] $DomainController)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

function Enable-Audit([string] $Id, [bool] $Failure) {
    $guid = "{0CCE${Id}-69AE-11D9-BED3-505054503030}"
    if ($Failure) { auditpol /set /subcategory:$guid /success:enable /failure:enable | Out-Null }
    else { auditpol /set /subcategory:$guid /success:enable | Out-Null }
    if ($LASTEXITCODE -ne 0) { Write-Warning "auditpol refuses $guid" }
}

# Success and failure.
'9215', <# Logon #> '921C', <# Other Logon/Logoff #> '923F', <# Credential Validation #>
'9235', <# User Account Management #> '9227', <# Other Object Access: tasks #>
'9212', <# System Integrity #> '9232', <# MPSSVC Rule-Level Policy #>
'9224'  <# File Share #> | ForEach-Object { Enable-Audit $_ $true }

# Success.
'9216', <# Logoff #> '9217', <# Account Lockout #> '921B', <# Special Logon #>
'9236', <# Computer Account Management #> '9237', <# Security Group Management #>
'923A', <# Other Account Management #> '922B', <# Process Creation #> '922F', <# Audit Policy Change #>
'9230', <# Authentication Policy Change #> '9231', <# Authorization Policy Change #>
'9210', <# Security State Change #> '9211', <# Security System Extension #>
'9248'  <# Plug and Play #> | ForEach-Object { Enable-Audit $_ $false }

if ($DomainController) {
    '9242', <# Kerberos Authentication #> '9240', <# Kerberos Service Tickets #> '9241' <# Other Account Logon #> |
        ForEach-Object { Enable-Audit $_ $true }
    '923B', <# Directory Service Access #> '923C' <# Directory Service Changes #> |
        ForEach-Object { Enable-Audit $_ $false }
}

function Set-Policy([string] $Path, [string] $Name, [int] $Value) {
    if (-not (Test-Path $Path)) { New-Item -Path $Path -Force | Out-Null }
    Set-ItemProperty -Path $Path -Name $Name -Value $Value -Type DWord
}
# Subcategories count, not the nine old categories; command lines in 4688; script blocks in 4104.
Set-Policy 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa' 'SCENoApplyLegacyAuditPolicy' 1
Set-Policy 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\Audit' 'ProcessCreationIncludeCmdLine_Enabled' 1
Set-Policy 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging' 'EnableScriptBlockLogging' 1

# Room for days without the collector: a log that wraps loses what was not forwarded.
@{ 'Security' = 1GB; 'System' = 128MB; 'Application' = 128MB
   'Microsoft-Windows-PowerShell/Operational' = 256MB
   'Microsoft-Windows-Windows Defender/Operational' = 64MB }.GetEnumerator() | ForEach-Object {
    wevtutil sl $_.Key "/ms:$([long] $_.Value)" 2>$null
}
# Logs that are off by default.
'Microsoft-Windows-TaskScheduler/Operational', 'Microsoft-Windows-PrintService/Operational' | ForEach-Object {
    wevtutil sl $_ /e:true 2>$null
}
auditpol /get /category:*
