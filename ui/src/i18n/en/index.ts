import { common } from './common';
import { found } from './found';
import { frame } from './frame';
import { history } from './history';
import { mistakes } from './mistakes';
import { notices } from './notices';
import { overview } from './overview';
import { problems } from './problems';
import { refusals } from './refusals';
import { reports } from './reports';
import { settings } from './settings';
import { setup } from './setup';
import { subnet } from './subnet';
import { time } from './time';

export const en = { common, found, frame, history, mistakes, notices, overview, problems, refusals, reports, settings, setup, subnet, time };
