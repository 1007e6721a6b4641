import { common } from './common';
import { frame } from './frame';
import { history } from './history';
import { notices } from './notices';
import { overview } from './overview';
import { problems } from './problems';
import { refusals } from './refusals';
import { reports } from './reports';
import { settings } from './settings';
import { setup } from './setup';
import { subnet } from './subnet';
import { time } from './time';

export const en = { common, frame, history, notices, overview, problems, refusals, reports, settings, setup, subnet, time };
