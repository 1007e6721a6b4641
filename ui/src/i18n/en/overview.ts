export const overview = {
  openSettings: 'Open settings',
  openReport: 'Open the report',
};
