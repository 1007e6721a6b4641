import type { refusals as en } from '../en/refusals';

export const refusals: typeof en = {
  'no-such-subnet': { what: 'Dieses Subnetz ist diesem Scan-Agenten nicht zugewiesen.', remedy: 'Fragen Sie phpIPAM neu ab.' },
  'no-such-run': { what: 'Diesen Lauf gibt es nicht.', remedy: 'Vielleicht ist er älter als der aufbewahrte Verlauf.' },
  'no-such-report': { what: 'Diesen Bericht gibt es nicht.', remedy: 'Vielleicht ist er älter als der aufbewahrte Verlauf.' },
  'setting-missing': { what: 'Die Adresse von phpIPAM fehlt.', remedy: 'Tragen Sie sie unter Einstellungen, phpIPAM ein.' },
  'no-browser': { what: 'Kein Browser ließ sich öffnen.', remedy: 'Legen Sie einen als Standardbrowser des Systems fest.' },
  'nothing-known': { what: 'Darin steht keine Einstellung und kein Token, die hier bekannt sind.', remedy: 'Die Datei des Referenz-Scanners ist meist /etc/phpipam/scan_agent.yaml.' },
  'import-refused': { what: 'Diese Datei lässt sich nicht übernehmen.', remedy: 'Es wurde nichts geändert. Berichtigen Sie, was genannt ist, oder füllen Sie die Einstellungen von Hand aus.' },
  'log-unread': { what: 'Das Protokoll ist nicht lesbar.', remedy: 'Prüfen Sie die Berechtigungen seines Ordners.' },
  'no-data': { what: 'Es gibt noch keine Daten.', remedy: 'Scannen Sie zuerst.' },
  output: { what: 'Die Datei ließ sich nicht schreiben.', remedy: 'Wählen Sie einen anderen Ordner, oder schaffen Sie Platz auf dem Datenträger.' },
  'settings-refused': { what: 'Die Einstellungen wurden nicht geändert.', remedy: 'Berichtigen Sie, was markiert ist.' },
  'settings-unwritten': { what: 'Die Einstellungen ließen sich nicht schreiben; sie sind, wie sie waren.', remedy: 'Prüfen Sie Berechtigungen und Datenträger ihres Ordners.' },
  'secret-refused': { what: 'Das Geheimnis wurde nicht geändert: Die Eingabe ist leer, viel zu lang oder hat mehrere Zeilen.', remedy: 'Kopieren Sie es noch einmal, ohne was darum herum steht.' },
  'autostart-unchanged': { what: 'Ob Fieldscan bei der Anmeldung startet, ließ sich nicht lesen oder ändern.', remedy: 'Prüfen Sie die Berechtigungen Ihrer eigenen Autostart-Programme.' },
  'broke-off': { what: 'Das ließ sich nicht zu Ende bringen: ein Fehler in Fieldscan selbst.', remedy: 'Versuchen Sie es noch einmal. Bleibt es so, exportieren Sie die Diagnose unter Einstellungen, Protokoll.' },
};
