export const subnet = {
  notAssigned: 'This subnet is not assigned to this scan agent.',
};
