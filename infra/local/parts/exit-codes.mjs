/** O-26: exit codes of the scripts. */
export const EXIT = Object.freeze({
  done: 0, failed: 1, configuration: 2, notRunning: 3, secretUnreadable: 31, timedOut: 32, portTaken: 33, noTemporal: 34, noDatabase: 35,
});
