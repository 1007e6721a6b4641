// Why the agent did not do what the window asked for, by the refusal's code.

export const refusals = {
  'no-such-subnet': { what: 'This subnet is not assigned to this scan agent.', remedy: 'Refresh what phpIPAM says.' },
  'no-such-run': { what: 'There is no such run.', remedy: 'It may be older than the history that is kept.' },
  'no-such-report': { what: 'There is no such report.', remedy: 'It may be older than the history that is kept.' },
  'setting-missing': { what: 'phpIPAM’s address is not set.', remedy: 'Set it under Settings, phpIPAM.' },
  'no-browser': { what: 'No browser could be opened.', remedy: 'Set one as the system’s standard browser.' },
  'nothing-known': { what: 'No setting and no token that is known here is in it.', remedy: 'The reference scanner’s file is usually /etc/phpipam/scan_agent.yaml.' },
  'import-refused': { what: 'This is not a file that can be taken over.', remedy: 'Nothing was changed. Correct what is named, or enter the settings by hand.' },
  'log-unread': { what: 'The log can’t be read.', remedy: 'Check the permissions of its folder.' },
  'no-data': { what: 'There is no data yet.', remedy: 'Scan first.' },
  output: { what: 'The file could not be written.', remedy: 'Choose another folder, or make room on the disk.' },
  'settings-refused': { what: 'The settings were not changed.', remedy: 'Correct what is marked.' },
  'settings-unwritten': { what: 'The settings could not be written; they are as they were.', remedy: 'Check the permissions and the disk of their folder.' },
  'secret-refused': { what: 'The secret was not changed: what was given is empty, far too long, or has more than one line.', remedy: 'Copy it once more, without what stands around it.' },
  'autostart-unchanged': { what: 'Whether Fieldscan starts at log-in could not be read or changed.', remedy: 'Check the permissions of your own start-up programs.' },
  'broke-off': { what: 'This could not be finished: a fault in Fieldscan itself.', remedy: 'Try it again. If it lasts, export the diagnostics under Settings, Logs.' },
};
